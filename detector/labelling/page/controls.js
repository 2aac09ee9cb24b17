// Keys and buttons, bound to what the page can do; see the help in page.html.

const KEYS = {
  n: "next", PageDown: "next", p: "previous", PageUp: "previous", u: "undo", f: "filter", Enter: "accept", "?": "help",
  "+": "zoom-in", "=": "zoom-in", "-": "zoom-out", 0: "zoom-fit",
};

// Each action belongs to the button of its name. After a click the focus goes back to the picture; by key it stays.
export function bindButtons(actions, focusStage) {
  for (const [id, action] of Object.entries(actions)) {
    const button = document.getElementById(id);
    button.addEventListener("click", (event) => {
      action();
      if (!event.detail || document.querySelector("dialog[open]")) return;
      button.blur();
      focusStage();
    });
  }
}

// `own`: keys of the mode, key -> action; `onKey(key, event)` says whether it has taken a key that is no action.
export function bindKeys(actions, own, onKey) {
  const keys = { ...KEYS, ...own };
  addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (event.ctrlKey || event.metaKey) {
      if (key !== "z" && key !== "y") return;
      actions[key === "y" || event.shiftKey ? "redo" : "undo"]();
    } else if (!onKey(key, event)) {
      if (event.altKey || !actions[keys[key]] || (key === "Enter" && event.target.closest?.("button"))) return;
      actions[keys[key]]();
    }
    event.preventDefault();
  });
}
