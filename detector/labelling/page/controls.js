// Keys and buttons, bound to what the page can do; see the help in page.html.

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const KEYS = {
  n: "next", PageDown: "next", p: "previous", PageUp: "previous", u: "undo", x: "nothing", r: "rotate", f: "filter",
  Enter: "accept", "?": "help", "+": "zoom-in", "=": "zoom-in", "-": "zoom-out", 0: "zoom-fit",
};

// Each action belongs to the button of its name. After a click the focus goes back to the corners; by key it stays.
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

// `nudge(x, y, repeats)` moves the chosen corner by pixels, `choose(corner)` chooses one by its index.
export function bindKeys(actions, nudge, choose) {
  addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (event.ctrlKey || event.metaKey) {
      if (key !== "z" && key !== "y") return;
      actions[key === "y" || event.shiftKey ? "redo" : "undo"]();
    } else if (key in ARROWS) {
      const pixels = event.shiftKey ? 10 : event.altKey ? 0.1 : 1;
      nudge(ARROWS[key][0] * pixels, ARROWS[key][1] * pixels, event.repeat);
    } else if (event.altKey || (key === "Enter" && event.target.closest?.("button"))) {
      return;
    } else if ("1234".includes(key)) {
      choose(Number(key) - 1);
    } else if (KEYS[key]) {
      actions[KEYS[key]]();
    } else {
      return;
    }
    event.preventDefault();
  });
}
