/**
 * The user as the game knows them: level, health, experience and gold, and what has just moved them. Who has no health left finds the
 * way back here.
 */

import { element, setText } from '../elements.js';
import { expToNext, HP_MAX } from './hero.js';
import { formatGold, formatNumber } from './words.js';

/** For how long what was gained is shown. */
const GAIN_MS = 6_000;

/** @param {{revive: () => void}} actions */
export function createHeroCard({ revive }) {
  const level = element('span', { class: 'hero-level-number' });
  const health = bar('Health', 'health');
  const experience = bar('Experience', 'experience');
  const gold = element('span', { class: 'hero-gold-number' });
  const gain = element('p', { class: 'hero-gain', role: 'status' });
  const back = element('button', { type: 'button', class: 'button', onclick: revive }, 'Come back');
  const dead = element('div', { class: 'hero-dead', role: 'alert', hidden: true });
  const node = element('section', { class: 'card hero', ariaLabel: 'How you are' },
    element('p', { class: 'hero-level' }, element('span', { class: 'hero-level-word' }, 'Level'), level),
    element('div', { class: 'hero-bars' }, health.node, experience.node),
    element('p', { class: 'hero-gold' }, element('span', { class: 'coin', ariaHidden: 'true' }), gold, element('span', { class: 'muted' }, ' gold')),
    gain, dead);
  let timer = 0;

  return {
    node,
    /** @param {import('../protocol-habits.js').HabitStats} stats @param {boolean} waits something is on its way */
    draw({ lvl, hp, exp, gp }, waits) {
      setText(level, formatNumber(lvl));
      health.draw(Math.max(0, hp), HP_MAX);
      experience.draw(Math.max(0, exp), expToNext(lvl));
      setText(gold, formatGold(gp));
      node.classList.toggle('waits', waits);
      back.disabled = waits;
      const isDead = hp <= 0;
      if (isDead !== dead.hidden) return;
      dead.hidden = !isDead;
      dead.replaceChildren(...(isDead ? [element('p', {}, element('strong', {}, 'You have no health left. '), 'Coming back costs a level, your gold and experience, and perhaps a piece of gear. Your tasks stay.'), back] : []));
    },
    /** @param {string} words what has moved */
    tell(words) {
      if (!words) return;
      clearTimeout(timer);
      gain.classList.toggle('loss', words.includes('−'));
      setText(gain, words);
      timer = window.setTimeout(() => setText(gain, ''), GAIN_MS);
    },
  };
}

/** @param {string} name @param {string} kind */
function bar(name, kind) {
  const meter = element('progress', { class: kind, ariaLabel: name, max: 1, value: 0 });
  const numbers = element('span', { class: 'hero-numbers' });
  return {
    node: element('div', { class: 'hero-bar' }, element('span', { class: 'hero-name' }, name), numbers, meter),
    /** @param {number} value @param {number} most 0: there is no end to it */
    draw(value, most) {
      meter.max = most || 1;
      meter.value = most ? value : 1;
      setText(numbers, most ? `${formatNumber(value)} / ${formatNumber(most)}` : formatNumber(value));
    },
  };
}
