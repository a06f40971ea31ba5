/**
 * The board on the screen: the hero, tags, and the four lists. It is drawn from what is known, and says what is tapped; what
 * becomes of that it does not know.
 */

import { createHeroCard } from './hero-card.js';
import { createColumn } from './column.js';
import { openEditor } from './editor.js';
import { createShop } from './shop.js';
import { createTagBar } from './tag-bar.js';
import { countOpen, listsOf, taskIn, weekdayOf } from './view.js';
import { ONE, sayEffect, sayForecast, sayGain, sayOffer, sayRefusal, TITLES } from './words.js';
import { element, setText } from '../elements.js';
import { LISTS } from '../habit-board.js';
import { parseHabitForecast } from '../protocol-habits.js';
import { get } from '../rest.js';
import { getUnits, onSettings } from '../settings.js';
import { newId } from './queue.js';

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
/** After the last change, so long until the next turn of the day is reckoned anew. */
const FORECAST_MS = 1_200;
const FORECAST_MS_MAX = 3_600_000;
/** The new day has begun by then. */
const TURNED_MS = 1_500;
/** Who waits longer wants to know what for. */
const SLOW_MS = 4_000;

/** @param {HTMLElement} page @param {BoardActions} actions */
export function createBoardPage(page, { act, stale }) {
  /** @type {View | null} */
  let view = null;
  /** @type {string | null} */
  let tag = null;
  /** @type {{close: () => void} | null} */
  let editor = null;
  let connection = 'connecting';
  let isClosed = false;
  let isSlow = false;
  let slowTimer = 0;
  const announcer = element('p', { class: 'unseen', id: 'announcer', ariaLive: 'polite' });
  const say = (/** @type {string} */ words) => setText(announcer, words);
  const hero = createHeroCard({ revive: () => act({ op: 'revive' }) });
  const forecast = createForecast(() => isClosed);
  const note = element('p', { class: 'board-note', role: 'status' });
  const refusal = element('p', { class: 'board-refusal', role: 'alert' });
  const tags = createTagBar({
    choose(next) {
      tag = next;
      drawNow();
    },
    stale,
  });
  const shop = createShop((offer) => {
    if (view && view.board.stats.gp < offer.price && !view.unsent) return refuse('Not enough GP.');
    act({ op: 'buy', type: offer.goods });
    say(`${sayOffer(offer)}: asked for.`);
  });
  const columns = TYPES.map((type) => createColumn(type, {
    say,
    score,
    step: (task, index, completed) => act({ op: 'set', path: `tasks.${task.id}.checklist.${index}.completed`, value: completed }, task.checklist?.[index]?.id),
    edit: (task) => edit(type, task, ''),
    remove: (task) => act({ op: 'delTask', task: { id: task.id, type } }),
    sort: (task, to) => act({ op: 'sortTask', task: { id: task.id }, to }),
    add(each, text) {
      act({ op: 'addTask', task: { id: newId(), type: each, text, ...(each === 'reward' ? { value: 10 } : {}) } });
      say(`The ${ONE[each]} ${text} is added.`);
    },
    addWith: (each, text) => edit(each, null, text),
    clearDone: () => act({ op: 'clear-completed' }),
  }));
  columns[3].append(shop.node);
  const tabs = createTabs(columns);
  const body = element('div', { class: 'board', hidden: true }, hero.node, forecast.node, tags.node, tabs.node,
    element('div', { class: 'columns' }, ...columns.map((column) => column.node)));
  const wait = element('p', { class: 'board-wait muted' }, 'Your board is on its way…');
  page.replaceChildren(element('h1', { class: 'board-title' }, 'Habits'), note, refusal, wait, body, announcer);

  /** @param {HabitTask} task @param {'up' | 'down'} dir */
  function score(task, dir) {
    if (view && task.type === 'reward' && view.board.stats.gp < task.value && !view.unsent) return refuse('Not enough GP.');
    setText(refusal, '');
    act({ op: 'score', task: { id: task.id, type: task.type }, dir });
  }

  /** @param {HabitTaskType} type @param {HabitTask | null} task @param {string} text */
  function edit(type, task, text) {
    editor?.close();
    editor = openEditor({
      type, task, text, tags: view?.board.tags ?? [],
      done(id) {
        stale();
        // The row may come a moment later than the answer.
        setTimeout(() => columns.find((column) => column.type === type)?.focus(id), task ? 0 : 150);
      },
    });
  }

  /** @param {string} message */
  function refuse(message) {
    setText(refusal, sayRefusal(message));
    window.setTimeout(() => setText(refusal, ''), 10_000);
  }

  function drawNow() {
    if (!view || isClosed) return;
    const { board, waiting, hero_waits } = view;
    if (tag !== null && !board.tags.some((each) => each.id === tag)) tag = null;
    const now = new Date();
    const weekday = weekdayOf(now, Number(board.user.preferences?.dayStart) || 0);
    const context = { units: getUnits(), weekday, now, tags: new Map(board.tags.map(({ id, name }) => [id, name])), gp: board.stats.gp };
    hero.draw(board.stats, hero_waits);
    shop.draw(board.user.items ?? {}, board.stats.gp);
    tags.draw(board.tags, tag);
    columns.forEach((column) => {
      const all = board[LISTS[column.type]];
      const lists = listsOf(all, tag);
      const count = column.type === 'daily' || column.type === 'todo' ? countOpen(lists.open, weekday) : null;
      column.draw({ all, lists, waiting, context, count });
      tabs.count(column.type, count);
    });
    body.hidden = false;
    wait.hidden = true;
    drawNote();
  }

  function drawNote() {
    const waiting = view?.unsent ?? 0;
    if (!waiting) {
      clearTimeout(slowTimer);
      [slowTimer, isSlow] = [0, false];
    } else {
      slowTimer ||= window.setTimeout(() => {
        isSlow = true;
        drawNote();
      }, SLOW_MS);
    }
    if (!waiting || (connection === 'live' && !isSlow)) setText(note, '');
    else setText(note, `${waiting === 1 ? 'One change waits' : `${waiting} changes wait`} for the server, and will be sent when it answers. Nothing is lost.`);
    note.hidden = !note.textContent;
  }

  onSettings(drawNow);
  return {
    /** @param {View} next */
    draw(next) {
      view = next;
      drawNow();
      forecast.later();
    },
    /** What has happened, here or on another device. @param {import('../protocol-habits.js').HabitEffect[]} effects */
    tell(effects) {
      const by = { gp: 0, exp: 0, lvl: 0, hp: 0 };
      for (const effect of effects) {
        if (effect.change === 'stats') for (const name of /** @type {const} */ (['gp', 'exp', 'hp'])) by[name] += effect.by[name];
      }
      const notable = effects.map(sayEffect).filter(Boolean);
      const runs = effects.flatMap((effect) => (effect.change === 'task_changed' && effect.run && view ? [taskIn(view.board, effect.id)?.text ?? ''] : []));
      const told = runs.filter(Boolean).map((text) => `A run did it: ${text}.`);
      hero.tell([...told, ...notable, effects.some((effect) => effect.change === 'levelled' || effect.change === 'revived') ? '' : sayGain(by)].filter(Boolean).join(' '));
    },
    refuse,
    /** The board could not be read. @param {unknown} failure */
    fail(failure) {
      if (!view) setText(wait, `${failure instanceof Error ? failure.message : 'That did not work.'} Trying again…`);
    },
    /** @param {string} next */
    line(next) {
      connection = next;
      drawNote();
    },
    close() {
      isClosed = true;
      clearTimeout(slowTimer);
      editor?.close();
      forecast.close();
      for (const column of columns) column.cancel();
      for (const dialog of document.querySelectorAll('dialog[open]')) /** @type {HTMLDialogElement} */ (dialog).close();
    },
  };
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

/** What the next turn of the day will do, asked for when there is rest, and when it has come. @param {() => boolean} isClosed */
function createForecast(isClosed) {
  const node = element('p', { class: 'forecast muted small' });
  let timer = 0;

  async function ask() {
    if (isClosed()) return;
    let forecast = null;
    try {
      forecast = parseHabitForecast(await get('/api/tasks/cron-preview'));
    } catch {
      // what stood there may be wrong by now
    }
    if (isClosed()) return;
    setText(node, forecast ? sayForecast(forecast, new Date()) : '');
    if (forecast) again(Math.min(Math.max(0, forecast.at_ms - Date.now()) + TURNED_MS, FORECAST_MS_MAX));
  }

  /** @param {number} delay_ms */
  function again(delay_ms) {
    clearTimeout(timer);
    timer = window.setTimeout(ask, delay_ms);
  }

  return { node, later: () => again(FORECAST_MS), close: () => clearTimeout(timer) };
}
