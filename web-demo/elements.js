/**
 * Elements of a page: found, made and written. What people have written is text here, never markup.
 */

/** @typedef {string | number | boolean | null | undefined | ((input: any) => void)} Attribute */
/** @typedef {Node | string | number | null | undefined | false} Child */

const SVG = 'http://www.w3.org/2000/svg';

/** @param {string} selector @param {ParentNode} [root] @returns {HTMLElement} */
export function find(selector, root = document) {
  const found = root.querySelector(selector);
  if (!(found instanceof HTMLElement)) throw new Error(`The page has no ${selector}`);
  return found;
}

/** Writes text only when it differs: an unchanged node costs no layout and no announcement.
 * @param {Element} node @param {string} text */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Makes an element. Attributes go by their names; `ariaLabel` is `aria-label`, and so on. What is `false`, null or undefined is left
 * out, `true` is an attribute without a value, and a function listens: `onclick`.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {{[name: string]: Attribute}} [attributes]
 * @param {...Child} children strings are text
 * @returns {HTMLElementTagNameMap[T]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  dress(made, attributes);
  made.append(...nodes(children));
  return made;
}

/**
 * The same for pictures.
 * @param {string} tag
 * @param {{[name: string]: Attribute}} [attributes]
 * @param {...Child} children
 * @returns {SVGElement}
 */
export function picture(tag, attributes = {}, ...children) {
  const made = /** @type {SVGElement} */ (document.createElementNS(SVG, tag));
  dress(made, attributes);
  made.append(...nodes(children));
  return made;
}

/** An icon of 24 by 24, drawn in lines in the colour of the text. @param {string} path @returns {SVGElement} */
export function icon(path) {
  return picture('svg', {
    viewBox: '0 0 24 24', width: 20, height: 20, 'aria-hidden': 'true', fill: 'none', stroke: 'currentColor',
    'stroke-width': 2, 'stroke-linecap': 'round', 'stroke-linejoin': 'round', class: 'icon',
  }, picture('path', { d: path }));
}

/** @param {Element} made @param {{[name: string]: Attribute}} attributes */
function dress(made, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (typeof value === 'function') made.addEventListener(name.replace(/^on/, ''), value);
    else made.setAttribute(name.replace(/^aria([A-Z])/, (_, first) => `aria-${first.toLowerCase()}`), value === true ? '' : String(value));
  }
}

/** @param {Child[]} children @returns {(Node | string)[]} */
function nodes(children) {
  const shown = [];
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    shown.push(child instanceof Node ? child : String(child));
  }
  return shown;
}
