/**
 * The board on the screen: the hero, tags, and the four lists. It is drawn from what is known, and says what is tapped; what
 * becomes of that it does not know.
 */

import { element, setText } from '../elements.js';
import { LISTS } from '../habit-board.js';
import { newId } from '../new-id.js';
import { getUnits, onSettings } from '../settings.js';
import { createColumn } from './column.js';
import { openEditor } from './editor.js';
import { createForecast } from './forecast.js';
import { createHeroCard } from './hero-card.js';
import { createNotes } from './notes.js';
import { createShop } from './shop.js';
import { createTagBar } from './tag-bar.js';
import { countOpen, listsOf, taskIn, weekdayOf } from './view.js';
import { ONE, sayEffect, sayGain, sayOffer, TITLES } from './words.js';

/**
 * @typedef {import('../protocol-habits.js').HabitTask} HabitTask
 * @typedef {import('../protocol-habits.js').HabitTaskType} HabitTaskType
 * @typedef {import('./view.js').View} View
 *
 * @typedef {object} BoardActions
 * @property {(op: import('./store.js').WithoutId<import('../protocol-habits.js').HabitOperation>, item?: string) => void} act
 * @property {() => void} stale the server has been asked for something, which may not be told
 */

const TYPES = /** @type {HabitTaskType[]} */ (Object.keys(TITLES));

/** @param {HTMLElement} page @param {BoardActions} actions */
export function createBoardPage(page, { act, stale }) {
  /** @type {View | null} */
  let view = null;
  /** @type {string | null} */
  let tag = null;
  let isClosed = false;
  const announcer = element('p', { class: 'unseen', id: 'announcer', ariaLive: 'polite' });
  const say = (/** @type {string} */ words) => setText(announcer, words);
  const notes = createNotes();
  const hero = createHeroCard({ revive: () => act({ op: 'revive' }) });
  const forecast = createForecast();
  const tags = createTagBar({
    choose(next) {
      tag = next;
      draw();
    },
    stale,
  });
  const hands = createHands({
    act, stale, say, notes, tag: () => tag, view: () => view,
    focus: (type, id) => columns.find((column) => column.type === type)?.focus(id),
  });
  const shop = createShop(hands.buy);
  const columns = TYPES.map((type) => createColumn(type, hands));
  columns[3].append(shop.node);
  const tabs = createTabs(columns);
  const body = element('div', { class: 'board', hidden: true }, hero.node, forecast.node, tags.node, tabs.node,
    element('div', { class: 'columns' }, ...columns.map((column) => column.node)));
  const wait = element('p', { class: 'board-wait muted' }, 'Your board is on its way…');
  page.replaceChildren(element('h1', { class: 'board-title' }, 'Habits'), ...notes.nodes, wait, body, announcer);

  function draw() {
    if (!view || isClosed) return;
    const { board, waiting, hero_waits, unsent } = view;
    if (!board.tags.some((each) => each.id === tag)) tag = null;
    const now = new Date();
    const weekday = weekdayOf(now, Number(board.user.preferences?.dayStart) || 0);
    const context = { units: getUnits(), weekday, now, tags: new Map(board.tags.map(({ id, name }) => [id, name])), gp: board.stats.gp };
    hero.draw(board.stats, hero_waits);
    shop.draw(board.user.items ?? {}, board.stats.gp);
    tags.draw(board.tags, tag);
    for (const column of columns) {
      const all = board[LISTS[column.type]];
      const lists = listsOf(all, tag);
      const count = column.type === 'daily' || column.type === 'todo' ? countOpen(lists.open, weekday) : null;
      column.draw({ all, lists, waiting, context, count });
      tabs.count(column.type, count);
    }
    notes.waiting(unsent);
    body.hidden = false;
    wait.hidden = true;
  }

  onSettings(draw);
  return {
    /** @param {View} next */
    draw(next) {
      view = next;
      draw();
      forecast.later();
    },
    /** What has happened, here or on another device. @param {import('../protocol-habits.js').HabitEffect[]} effects */
    tell: (effects) => hero.tell(sayAll(effects, (id) => (view && taskIn(view.board, id)?.text) ?? '')),
    refuse: notes.refuse,
    /** The board could not be read. @param {unknown} failure */
    fail(failure) {
      if (!view) setText(wait, `${failure instanceof Error ? failure.message : 'That did not work.'} Trying again…`);
    },
    line: notes.line,
    close() {
      isClosed = true;
      notes.close();
      forecast.close();
      for (const column of columns) column.cancel();
      for (const dialog of document.querySelectorAll('dialog[open]')) /** @type {HTMLDialogElement} */ (dialog).close();
    },
  };
}

/**
 * What can be done on the board, as operations.
 * @param {object} how
 * @param {BoardActions['act']} how.act
 * @param {() => void} how.stale
 * @param {(words: string) => void} how.say
 * @param {ReturnType<typeof createNotes>} how.notes
 * @param {() => string | null} how.tag that is chosen
 * @param {() => View | null} how.view
 * @param {(type: HabitTaskType, id: string) => void} how.focus
 */
function createHands({ act, stale, say, notes, tag, view, focus }) {
  /** Said before the server has to, where the gold is plainly not there: more may be on its way. @param {number} price */
  const isShort = (price) => !view()?.unsent && (view()?.board.stats.gp ?? 0) < price;

  /** @param {HabitTaskType} type @param {HabitTask | null} task @param {string} text */
  function open(type, task, text) {
    openEditor({
      type, task, text, tag: tag(), tags: view()?.board.tags ?? [],
      done(id) {
        stale();
        // The row may come a moment later than the answer.
        setTimeout(() => focus(type, id), task ? 0 : 150);
      },
    });
  }

  return {
    say,
    /** @param {HabitTask} task @param {'up' | 'down'} dir */
    score(task, dir) {
      notes.calm();
      if (task.type === 'reward' && isShort(task.value)) return notes.refuse('Not enough GP.');
      act({ op: 'score', task: { id: task.id, type: task.type }, dir });
    },
    /** @param {import('./hero.js').Offer} offer */
    buy(offer) {
      notes.calm();
      if (isShort(offer.price)) return notes.refuse('Not enough GP.');
      act({ op: 'buy', type: offer.goods });
      say(`${sayOffer(offer)}: asked for.`);
    },
    /** @param {HabitTask} task @param {number} index @param {boolean} completed */
    step: (task, index, completed) => act({ op: 'set', path: `tasks.${task.id}.checklist.${index}.completed`, value: completed }, task.checklist?.[index]?.id),
    /** @param {HabitTask} task */
    edit: (task) => open(task.type, task, ''),
    /** @param {HabitTask} task */
    remove: (task) => act({ op: 'delTask', task: { id: task.id, type: task.type } }),
    /** @param {HabitTask} task @param {number} to */
    sort: (task, to) => act({ op: 'sortTask', task: { id: task.id }, to }),
    /** @param {HabitTaskType} type @param {string} text */
    add(type, text) {
      const chosen = tag();
      act({ op: 'addTask', task: { id: newId(), type, text, ...(type === 'reward' ? { value: 10 } : {}), ...(chosen ? { tags: [chosen] } : {}) } });
      say(`The ${ONE[type]} ${text} is added.`);
    },
    /** @param {HabitTaskType} type @param {string} text */
    addWith: (type, text) => open(type, null, text),
    clearDone: () => act({ op: 'clear-completed' }),
  };
}

/**
 * What a batch, a run or the turn of a day has done, in a line.
 * @param {import('../protocol-habits.js').HabitEffect[]} effects
 * @param {(id: string) => string} textOf a task
 * @returns {string}
 */
function sayAll(effects, textOf) {
  const by = { gp: 0, exp: 0, lvl: 0, hp: 0 };
  for (const effect of effects) {
    if (effect.change === 'stats') for (const name of /** @type {const} */ (['gp', 'exp', 'hp'])) by[name] += effect.by[name];
  }
  const byRun = effects.flatMap((effect) => (effect.change === 'task_changed' && effect.run ? [textOf(effect.id)] : []));
  // A level moves all numbers at once: how far says nothing then.
  const isLeap = effects.some((effect) => effect.change === 'levelled' || effect.change === 'revived');
  return [...byRun.filter(Boolean).map((text) => `A run did it: ${text}.`), ...effects.map(sayEffect), isLeap ? '' : sayGain(by)].filter(Boolean).join(' ');
}

/** On a phone one list is shown at a time. @param {ReturnType<typeof createColumn>[]} columns */
function createTabs(columns) {
  const buttons = columns.map(({ type }) => element('button', { type: 'button', onclick: () => choose(type) }, element('span', {}, TITLES[type]), element('span', { class: 'count' })));
  /** @param {HabitTaskType} type */
  function choose(type) {
    columns.forEach((column, index) => {
      column.node.classList.toggle('chosen', column.type === type);
      buttons[index].setAttribute('aria-pressed', String(column.type === type));
    });
  }
  choose('daily');
  return {
    node: element('div', { class: 'tabs board-tabs', role: 'group', ariaLabel: 'List' }, ...buttons),
    /** @param {HabitTaskType} type @param {number | null} count */
    count(type, count) {
      const place = buttons[columns.findIndex((column) => column.type === type)].querySelector('.count');
      if (place) setText(place, count ? String(count) : '');
    },
  };
}
