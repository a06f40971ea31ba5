/**
 * What the hero can buy, under the rewards: a potion, and the next better piece of each kind.
 */

import { element, setText } from '../elements.js';
import { offersOf } from './hero.js';
import { explainOffer, formatNumber, sayOffer } from './words.js';

/** @param {(offer: import('./hero.js').Offer) => void} buy */
export function createShop(buy) {
  const list = element('ul', { class: 'offers', role: 'list' });
  const node = element('section', { class: 'shop', ariaLabel: 'Gear' }, element('h3', {}, 'Gear'), list);
  /** @type {Map<string, {node: HTMLElement, update: (offer: import('./hero.js').Offer, gp: number) => void}>} */
  const rows = new Map();

  /** @param {import('./hero.js').Offer} first */
  function row(first) {
    let offer = first;
    const price = element('span', {});
    const button = element('button', { type: 'button', class: 'price', onclick: () => buy(offer) }, element('span', { class: 'coin', ariaHidden: 'true' }), price);
    const name = element('strong', {});
    return {
      node: element('li', { class: 'offer' }, button, element('div', {}, name, element('p', { class: 'task-notes' }, explainOffer(first)))),
      /** @param {import('./hero.js').Offer} next @param {number} gp */
      update(next, gp) {
        offer = next;
        setText(name, sayOffer(next));
        setText(price, formatNumber(next.price));
        button.classList.toggle('short', next.price > gp);
        button.title = next.price > gp ? `${formatNumber(Math.ceil((next.price - gp) * 100) / 100)} more gold needed` : '';
        button.setAttribute('aria-label', `Buy ${sayOffer(next)} for ${formatNumber(next.price)} gold`);
      },
    };
  }

  return {
    node,
    /** @param {{[name: string]: any}} items `user.items` @param {number} gp */
    draw(items, gp) {
      const offers = offersOf(items);
      for (const offer of offers) {
        const known = rows.get(offer.goods) ?? row(offer);
        known.update(offer, gp);
        if (!rows.has(offer.goods)) list.append(known.node);
        rows.set(offer.goods, known);
      }
      for (const [goods, { node: gone }] of rows) {
        if (offers.some((offer) => offer.goods === goods)) continue;
        gone.remove();
        rows.delete(goods);
      }
    },
  };
}
