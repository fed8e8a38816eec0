#!/usr/bin/env bash
# Bring a new version onto a gallery machine, and go back by itself when it does not play.
# Every version has a virtual environment of its own; /opt/burntout/current is a symbolic link to one of them.
set -euo pipefail

usage() {
  cat <<'TEXT'
sudo update.sh FILE            install a wheel or a checkout beside the present version, examine it, switch, watch, or go back
sudo update.sh --rollback      go back to the version before

  --first            the first version: nothing is running yet, so nothing is restarted
  --settle SECONDS   how long the new version must play before it is believed (default 60)
  --prefix FOLDER    work below a folder instead of /, without services (for trying it out)
TEXT
}

prefix='' package='' rollback='' first='' settle=60 keep=3
while (($#)); do
  case $1 in
    --prefix) prefix=${2-}; prefix=${prefix%/}; shift ;;
    --settle) settle=${2:?say how many seconds}; shift ;;
    --rollback) rollback=yes ;;
    --first) first=yes ;;
    --help | -h) usage; exit 0 ;;
    -*) usage >&2; exit 2 ;;
    *) package=$1 ;;
  esac
  shift
done
[[ -n $rollback || -n $package ]] || { usage >&2; exit 2; }
[[ -z $package || -e $package ]] || { echo "There is no $package; say which wheel or checkout to install." >&2; exit 2; }

home=$prefix/opt/burntout
config=$prefix/etc/burntout/machine.toml
mkdir -p "$home/versions"
exec 9>"$home/lock"
flock --nonblock 9 || { echo "Another update is running. Wait for it, or end it." >&2; exit 1; }

target() { readlink "$home/$1" 2>/dev/null || true; }

# A link is replaced in one step: there is no moment without a version.
point() { # LINK TARGET
  ln -sfn "$2" "$home/$1.tmp"
  mv -T "$home/$1.tmp" "$home/$1"
}

# `restart` waits for READY, which comes after the first picture; then it must go on playing without another start.
plays() {
  [[ -z $first && -z $prefix || -n ${BURNTOUT_SERVICES-} ]] || return 0
  systemctl restart burntout || return 1
  local starts
  starts=$(systemctl show --property=NRestarts --value burntout)
  sleep "$settle"
  systemctl is-active --quiet burntout && [[ $(systemctl show --property=NRestarts --value burntout) == "$starts" ]]
}

go_back() { # TO
  point current "$1"
  plays || { echo "The version before does not play either: see RUNBOOK.md, 'After an update'." >&2; exit 1; }
}

if [[ -n $rollback ]]; then
  before=$(target previous)
  [[ -n $before && -d $home/$before ]] || { echo "There is no version to go back to." >&2; exit 1; }
  point previous "$(target current)"
  go_back "$before"
  echo "Playing $(basename "$before") again."
  exit 0
fi

new=versions/$(date -u +%Y%m%dT%H%M%SZ)-$$
discard() { rm -rf "${home:?}/$new"; }
trap discard EXIT # until it has proved itself

echo "Installing $package into $home/$new"
"${PYTHON:-python3}" -m venv "$home/$new"
if [[ -f $package/requirements.lock ]]; then # the very versions it was tested with
  # shellcheck disable=SC2086 # PIP_OPTIONS holds several words
  "$home/$new/bin/python" -m pip install --quiet --disable-pip-version-check ${PIP_OPTIONS-} \
    --requirement "$package/requirements.lock"
fi
# shellcheck disable=SC2086 # the same
"$home/$new/bin/python" -m pip install --quiet --disable-pip-version-check ${PIP_OPTIONS-} "$package"

echo "Examining it"
if ! "$home/$new/bin/burntout" doctor --config "$config"; then
  echo "The new version finds fault with this machine (above) and was not switched to. The old one plays on." >&2
  exit 1
fi

old=$(target current)
point current "$new"
if ! plays; then
  echo "The new version does not play." >&2
  if [[ -n $old ]]; then
    go_back "$old"
    echo "Went back to $(basename "$old")." >&2
  else
    rm -f "$home/current"
  fi
  exit 1
fi
trap - EXIT
[[ -z $old ]] || point previous "$old"
echo "Playing $(basename "$new")."

# Only what nobody points at is thrown away.
find "$home/versions" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort -r | tail -n "+$((keep + 1))" | while IFS= read -r name; do
  case versions/$name in
    "$(target current)" | "$(target previous)") ;;
    *) rm -rf "${home:?}/versions/$name" ;;
  esac
done
