/**
 * One row of the table of runners, empty: a star, a name that is a button, numbers, and beneath them what is shown of the one that
 * is selected. What stands in it is the table's.
 */

/**
 * @typedef {object} Row
 * @property {HTMLElement} item
 * @property {HTMLButtonElement} star
 * @property {HTMLButtonElement} button
 * @property {HTMLElement} dot
 * @property {HTMLElement} name
 * @property {HTMLElement} distance
 * @property {HTMLElement} pace
 * @property {HTMLElement} time
 * @property {HTMLElement} age
 * @property {HTMLElement} more
 * @property {HTMLElement} climb
 * @property {HTMLElement} standing
 */

const SVG = 'http://www.w3.org/2000/svg';
const STAR = 'M12 3.6l2.6 5.3 5.8.8-4.2 4.1 1 5.8-5.2-2.7-5.2 2.7 1-5.8-4.2-4.1 5.8-.8z';

/**
 * @param {string} tag @param {string} className @param {(Node | string)[]} children
 * @returns {HTMLElement}
 */
function made(tag, className, ...children) {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...children);
  return element;
}

/** @param {string} className @param {(Node | string)[]} children */
function cell(className, ...children) {
  const element = made('td', className, ...children);
  element.setAttribute('role', 'cell');
  return element;
}

/** @param {string} className @returns {HTMLButtonElement} */
function button(className) {
  const element = /** @type {HTMLButtonElement} */ (made('button', className));
  element.type = 'button';
  return element;
}

/** A star that is full when it is on. @param {HTMLButtonElement} [star] a button that becomes one @returns {HTMLButtonElement} */
export function createStar(star = button('follow')) {
  star.setAttribute('role', 'switch');
  const picture = document.createElementNS(SVG, 'svg');
  picture.setAttribute('viewBox', '0 0 24 24');
  picture.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', STAR);
  picture.append(path);
  star.append(picture);
  return star;
}

/** @param {string} id of the run @param {{onSelect: () => void, onFollow: () => void}} on @returns {Row} */
export function createRow(id, { onSelect, onFollow }) {
  const star = createStar();
  star.addEventListener('click', onFollow);
  const dot = made('span', 'dot');
  dot.setAttribute('aria-hidden', 'true');
  const name = made('span', 'runner-name');
  const choose = button('runner-row');
  choose.append(dot, name);
  choose.addEventListener('click', onSelect);
  const title = made('th', 'runner-title', choose);
  title.setAttribute('role', 'rowheader');
  title.setAttribute('scope', 'row');
  const [distance, pace, time, age] = ['runner-distance', 'runner-pace', 'runner-time', 'runner-age'].map((each) => cell(each));

  const climb = made('dd', '');
  const standing = made('span', 'runner-standing');
  const link = made('a', 'runner-link', 'Track, splits and chart');
  link.setAttribute('href', `/runs/${encodeURIComponent(id)}`);
  const facts = made('dl', 'runner-facts', made('dt', '', 'Climb'), climb);
  const more = cell('runner-more', standing, facts, link);
  const item = made('tr', 'runner', cell('runner-star', star), title, distance, pace, time, age, more);
  item.setAttribute('role', 'row');
  item.dataset.id = id;
  // The whole row is a target for fingers; the button is its name for everybody else.
  item.addEventListener('click', (input) => {
    if (!(/** @type {Element} */ (input.target).closest('button, a, .runner-more'))) onSelect();
  });
  return { item, star, button: choose, dot, name, distance, pace, time, age, more, climb, standing };
}
