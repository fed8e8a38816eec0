// Every word the page says. A translation is a copy of this file.

export const said = {
  name: "Burntout",
  connecting: "Looking for the piece …",
  lost: "The piece does not answer. Trying again …",
  visitor: "You look on.",
  parts: "Parts of this page",

  picture: "What the audience sees, live",
  fullScreen: "Full screen",
  noPicture: "No picture yet",

  glance: "At a glance",
  states: { playing: "playing", loading: "loading", closed: "closed", "burning on alone": "burning on alone" },
  open: "open", shut: "closed",
  until: (when) => `until ${when}`,
  always: "always",
  scene: "Scene", generation: "Generation", temperature: "Temperature", memory: "Memory of the origin",
  rate: "Generations a second", fps: "Frames a second", doors: "Doors",

  readings: "Readings", allReadings: "All readings",
  estimated: "estimated", "no sensor": "no sensor", "not yet": "not yet", measured: "",
  of: { picture: "of the picture", window: "of the last pictures", machine: "of the machine", guest: "of the camera" },

  trouble: "Not as it should be",
  well: "All is well.",
  machine: "The machine",
  process: { well: "well", silent: "silent", loading: "loading", coming: "coming" },
  deaths: (n) => (n === 1 ? "started anew once" : `started anew ${n} times`),
  disk: "Disk", free: (free, total) => `${free} of ${total} free`,
  ram: "Memory in use", celsius: "Warmest", noSensors: "no sensors",
  gap: "Longest gap", refused: "Refused messages", recording: "Recording", notRecording: "not recording",
  faults: "Last complaints", noFaults: "None so far.",

  play: "Play",
  go: "Go", back: "Back", stop: "Stop cues",
  black: "Black", light: "Light again", hold: "Hold", letGo: "Go on",
  origin: "Remember", originHint: "Begin again from the origin, at generation 0",
  release: "Release", releaseHint: "End every panic, and give every knob back to the score",
  record: "Record", stopRecording: "Stop recording",
  openDoors: "Open the doors", closeDoors: "Close the doors",
  panic: "Panic", wall: "The wall", doorsAndTakes: "Doors and takes",

  cues: "Cues", noCues: "This scene has no cues.",
  cue: (number, name) => (name ? `Cue ${number}, ${name}` : `Cue ${number}`),
  current: "now", standingBy: "stands by", arm: "Stand by", goCue: "Go",
  seconds: (s) => `${s} s`,

  scenes: "Scenes", load: (title) => `Play ${title}`, playing: "plays now",
  keep: "Keep how it stands now as a scene", title: "Title", keepIt: "Keep",
  kept: (name) => `Kept as ${name}.`,

  bring: "Bring a picture", bringHint: "It becomes the origin, and the piece begins from it.",
  choose: "Choose a picture", bringing: "Sending …", brought: "The piece begins from your picture.",

  knobs: "Knobs", atHand: "At hand", find: "Find a knob", giveBack: "Give back to the score",
  by: { hand: "by hand", cue: "by a cue", modulator: "by a modulator", score: "by the score", scene: "by the scene" },
  lately: (who, when) => `${who}, ${when}`,
  here: "this console",
  sources: { osc: "OSC", console: "a console", "cue list": "cue list", programme: "programme", midi: "MIDI", terminal: "terminal" },
  on: "on", off: "off",

  outputs: "Projectors", output: (n, name) => (name ? `Output ${n}, ${name}` : `Output ${n}`),
  pattern: "Test pattern", corner: ["top left", "top right", "bottom right", "bottom left"],
  cornerOf: (corner, x, y) => `Corner ${corner}: ${x}, ${y}`,
  alignHint: "Drag a corner, or choose one and use the arrow keys: one pixel, with Shift ten.",
  straight: "Straight", undo: "Undo", saveCorners: "Keep the corners", savedCorners: "The corners are kept.",

  programme: "Programme", noProgramme: "The doors are always open: there is no programme.",
  closedAllDay: "closed", today: "today",

  enter: "Play from here", passcode: "Passcode", enterIt: "Enter", leave: "Only look on",
  cancel: "Cancel",
};
