#!/usr/bin/env bash
# Make a gallery machine of a Debian computer. May be run again at any time: it changes only what is not as it should be,
# and never a settings file that somebody has edited (the new one is then left beside it as NAME.new).
set -euo pipefail

usage() {
  cat <<'TEXT'
sudo deploy/install.sh [--dry-run] [--kiosk x11|wayland] [--package FILE] [--prefix FOLDER]

  --dry-run         say what would be done, and do nothing
  --kiosk KIND      the screen: x11 (default) or wayland
  --package FILE    what to install: a wheel or a checkout; default: the checkout this script lies in
  --prefix FOLDER   install below a folder instead of /: no user is made and no service touched (for trying it out)
TEXT
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dry='' kiosk='' prefix='' package=$(dirname "$here")
while (($#)); do
  case $1 in
    --dry-run) dry=yes ;;
    --kiosk) kiosk=${2:?say x11 or wayland}; shift ;;
    --package) package=${2:?say which file}; shift ;;
    --prefix) prefix=${2:?say which folder}; prefix=${prefix%/}; shift ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done
case $kiosk in '' | x11 | wayland) ;; *) echo "--kiosk takes x11 or wayland, not '$kiosk'." >&2; exit 2 ;; esac
if [[ -z $prefix && -z $dry && $(id -u) != 0 ]]; then
  echo "This needs to be root: sudo $0. To see what it would do: $0 --dry-run" >&2
  exit 2
fi

changes=0
# Say what is done, and do it unless this is a dry run.
act() {
  local what=$1
  shift
  changes=$((changes + 1))
  echo "$what"
  [[ -n $dry ]] || "$@"
}

folder() { # PATH MODE
  [[ -d $prefix$1 ]] || act "make folder $1" install -d -m "$2" "$prefix$1"
}

# Files of ours: replaced when they differ.
ours() { # SOURCE PATH MODE
  cmp -s "$1" "$prefix$2" || act "write $2" install -D -m "$3" "$1" "$prefix$2"
}

# Files of the house: written once, then theirs.
theirs() { # SOURCE PATH
  if [[ ! -e $prefix$2 ]]; then
    act "write $2" install -D -m 0640 "$1" "$prefix$2"
  elif ! cmp -s "$1" "$prefix$2"; then
    cmp -s "$1" "$prefix$2.new" || act "leave $2 as it is; the new one is $2.new" install -m 0640 "$1" "$prefix$2.new"
  fi
}

system_user() {
  if ! getent passwd burntout >/dev/null; then
    act "make user burntout" useradd --system --user-group --home-dir /var/lib/burntout --shell /usr/sbin/nologin burntout
  fi
  local group
  for group in video render audio input tty; do
    if getent group "$group" >/dev/null && ! id -nG burntout 2>/dev/null | tr ' ' '\n' | grep -qx "$group"; then
      act "add burntout to group $group" usermod --append --groups "$group" burntout
    fi
  done
}

files() {
  local source
  folder /opt/burntout/versions 0755
  folder /etc/burntout 0750
  folder /var/lib/burntout 0750
  [[ -e $prefix/etc/burntout/environment ]] || theirs "$here/environment" /etc/burntout/environment
  for source in machine.toml programme.toml; do
    theirs "$here/$source" "/etc/burntout/$source"
  done
  while IFS= read -r source; do
    ours "$here/etc/$source" "/etc/$source" 0644
  done < <(cd "$here/etc" && find . -type f -printf '%P\n' | sort)
  for source in burntout.service burntout-display.service; do
    ours "$here/systemd/$source" "/etc/systemd/system/$source" 0644
  done
  for source in kiosk/display kiosk/session update.sh; do
    ours "$here/$source" "/opt/burntout/share/$source" 0755
  done
  ours "$here/RUNBOOK.md" /opt/burntout/share/RUNBOOK.md 0644
  for source in "$here"/cluster/*; do # what else a machine needs that plays with others: cluster/README.md says how
    ours "$source" "/opt/burntout/share/cluster/${source##*/}" 0644
  done
}

screen() {
  local file=$prefix/etc/burntout/environment
  if [[ -n $kiosk ]] && ! grep -qsx "KIOSK=$kiosk" "$file"; then
    act "set KIOSK=$kiosk in /etc/burntout/environment" sed -i "s/^KIOSK=.*/KIOSK=$kiosk/" "$file"
  fi
}

program() {
  if [[ $(readlink "$prefix/usr/local/bin/burntout") != /opt/burntout/current/bin/burntout ]]; then
    folder /usr/local/bin 0755
    act "link /usr/local/bin/burntout" ln -sfn /opt/burntout/current/bin/burntout "$prefix/usr/local/bin/burntout"
  fi
  if [[ ! -e $prefix/opt/burntout/current ]]; then
    act "install the program from $package" "$here/update.sh" --first --prefix "$prefix" "$package"
  fi
}

services() {
  local unit
  if [[ $(stat --format=%U /var/lib/burntout 2>/dev/null) != burntout ]]; then
    act "give /var/lib/burntout to burntout" chown -R burntout:burntout /var/lib/burntout
  fi
  if [[ $(stat --format=%G /etc/burntout 2>/dev/null) != burntout ]]; then
    act "let burntout read /etc/burntout" chgrp -R burntout /etc/burntout
  fi
  command -v xinit >/dev/null || command -v cage >/dev/null || cat <<'TEXT'
There is no screen to play on yet. For X11: apt-get install xserver-xorg xinit x11-xserver-utils
For Wayland: apt-get install cage wlr-randr
TEXT
  for unit in sleep suspend hibernate hybrid-sleep; do
    [[ $(systemctl is-enabled "$unit.target" 2>/dev/null) == masked ]] ||
      act "forbid $unit" systemctl mask --quiet "$unit.target"
  done
  if ((changes)); then
    act "read the units again" systemctl daemon-reload
  fi
  if [[ $(systemctl is-enabled burntout 2>/dev/null) != enabled ]]; then
    act "start by itself from now on" systemctl enable --quiet systemd-time-wait-sync burntout-display burntout
  fi
}

[[ -n $prefix ]] || system_user
files
screen
program
[[ -n $prefix ]] || services
if ((changes)); then
  echo "${dry:+Nothing was done. }$changes changes. Next: edit /etc/burntout/machine.toml, look with"
  echo "  /opt/burntout/current/bin/burntout doctor --config /etc/burntout/machine.toml"
  echo "and begin: reboot (or systemctl start burntout). When something is wrong: /opt/burntout/share/RUNBOOK.md"
else
  echo "Everything is as it should be."
fi
