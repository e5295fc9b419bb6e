// SPDX-License-Identifier: BSD-2-Clause
// Makes elements. Texts are texts always: nothing here reads markup.

const SVG = "http://www.w3.org/2000/svg";

function attach(element, name, value) {
  if (value === false || value === null || value === undefined) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else element.setAttribute(name, value === true ? "" : value);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) attach(element, name, value);
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== false &&
    child !== undefined));
  return element;
}

/** h("p", {class: "note", onclick: f}, "text", other, [more]) */
export const h = (name, attributes, ...children) =>
  fill(document.createElement(name), attributes, children);

// Drawn for these pages; 24 by 24, in lines.
const ICONS = {
  envelope: "M3 6h18v13H3zM3 7l9 7 9-7",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3M12 14.5v2.5",
  key: "M8 15a4 4 0 1 1 3.5-6H21v3h-2v2h-3v-2h-4.5A4 4 0 0 1 8 15zM7.5 11h.01",
  clock: "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM12 8v4.5l3 2",
  clip: "M8 12.5 14.5 6a3 3 0 0 1 4.2 4.2l-8 8a5 5 0 0 1-7-7L11 4",
  reply: "M10 6 4 12l6 6M4 12h9a7 7 0 0 1 7 7",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  warning: "M12 4 2.5 20h19zM12 10v4.5M12 17.2v.1",
  check: "M4 12.5 9.5 18 20 7",
  person: "M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM4.5 20a7.5 7.5 0 0 1 15 0z",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6z",
  back: "M14 5l-7 7 7 7",
  bin: "M4 7h16M9 7V4h6v3M6.5 7l1 13h9l1-13",
};

/** A picture beside words, which screen readers pass over. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  fill(svg, { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true", focusable: "false" }, []);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** Offers octets as a file. Never shown by this site's own pages, whatever they are. */
export function saveFile(name, octets) {
  const url = URL.createObjectURL(new Blob([octets], { type: "application/octet-stream" }));
  const link = h("a", { href: url, download: name });
  link.click();
  // The browser has taken hold of it when the click was handled.
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}
