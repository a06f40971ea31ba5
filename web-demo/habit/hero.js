/**
 * The rules of the game, as far as they are shown: what a level takes, and what there is to buy. Pure. They are those of the HabitRPG
 * document of June 2013, by which the server reckons; a test holds the prices against the server's.
 */

/**
 * @typedef {'weapon' | 'armor' | 'head' | 'shield' | 'potion'} Goods
 * @typedef {{goods: Goods, piece: number, price: number}} Offer
 */

export const HP_MAX = 50;
const LEVEL_MAX = 100;
const POTION_GP = 25;

/** In gold, by the number of the piece; the first is what everybody begins with. */
export const PRICES = /** @type {const} */ ({
  weapon: [0, 20, 30, 45, 65, 90, 120, 150],
  armor: [0, 30, 45, 65, 90, 120, 150],
  head: [0, 15, 25, 45, 60, 80, 100],
  shield: [0, 20, 35, 55, 70, 90, 120],
});

/** @param {number} level @returns {number} experience that the next one takes; 0 on the last */
export function expToNext(level) {
  return level >= LEVEL_MAX ? 0 : Math.round((level ** 2 * 0.25 + 10 * level + 139.75) / 10) * 10;
}

/**
 * What there is to buy: the next better piece of each kind, and a potion.
 * @param {{[name: string]: any}} items `user.items` of the board
 * @returns {Offer[]}
 */
export function offersOf(items) {
  const gear = Object.entries(PRICES).flatMap(([goods, prices]) => {
    const piece = Number(items?.[goods] ?? 0) + 1;
    const price = prices[piece];
    return price === undefined ? [] : [{ goods: /** @type {Goods} */ (goods), piece, price }];
  });
  return [{ goods: 'potion', piece: 0, price: POTION_GP }, ...gear];
}
