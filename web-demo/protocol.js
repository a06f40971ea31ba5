/**
 * The documents that the server sends, as types, and the parsers that let only whole ones in.
 * Mirrors the server's run and event documents and the changes of the channels `run:<id>` and `event:<id>`. Knows no socket
 * and no screen.
 *
 * Names are the server's. Times arrive as RFC 3339 and leave here as milliseconds, with `_ms` at the end.
 */

/**
 * @typedef {object} Position a runner's newest counted fix
 * @property {number} time_ms
 * @property {number} latitude degrees
 * @property {number} longitude degrees
 * @property {number | null} elevation_m
 * @property {number | null} accuracy_m
 *
 * @typedef {Position & {standing: string | null}} Fix `standing` is null when the fix counts
 *
 * @typedef {'planned' | 'live' | 'paused' | 'finished'} RunState
 * @typedef {'owner' | 'inactive' | 'arrived' | 'superseded'} FinishReason
 *
 * @typedef {object} Split
 * @property {number} kilometre 1 for the first
 * @property {number} elapsed_s of this kilometre
 * @property {number} moving_s
 * @property {number | null} climb_m
 *
 * @typedef {object} Run
 * @property {string} id
 * @property {{id: string, name: string}} user
 * @property {RunState} state
 * @property {number | null} event the event that it is run in, as far as that is told
 * @property {number | null} started_at_ms
 * @property {number | null} finished_at_ms
 * @property {string | null} finish_reason
 * @property {Position | null} position
 * @property {number} distance_m
 * @property {number} elapsed_s
 * @property {number} moving_s
 * @property {number | null} pace_s_per_km null while standing
 * @property {number} climb_m
 * @property {number} descent_m
 * @property {number} fixes how many have counted
 * @property {Split[]} splits
 *
 * @typedef {object} TrackPoint
 * @property {number} time_ms
 * @property {number} latitude
 * @property {number} longitude
 * @property {number | null} elevation_m
 * @property {number} distance_m from the start
 *
 * @typedef {object} Snapshot the reply to a subscription
 * @property {number | null} at_ms
 * @property {Run} run
 * @property {TrackPoint[]} track
 * @property {boolean} simplified
 *
 * @typedef {object} FixesChange
 * @property {'fixes'} type
 * @property {number | null} at_ms
 * @property {Fix[]} fixes
 * @property {Position | null} position
 * @property {number} distance_m
 * @property {number} elapsed_s
 * @property {number} moving_s
 * @property {number | null} pace_s_per_km
 * @property {number} climb_m
 * @property {number} descent_m
 * @property {Split[]} splits only the new ones
 *
 * @typedef {object} StateChange
 * @property {'started' | 'paused' | 'resumed' | 'finished'} type
 * @property {number | null} at_ms
 * @property {number | null} distance_m
 * @property {number | null} elapsed_s
 * @property {number | null} moving_s
 * @property {number | null} climb_m
 * @property {number | null} descent_m
 * @property {string | null} reason of a finish
 *
 * @typedef {FixesChange | StateChange} Change
 *
 * @typedef {'come_up' | 'current' | 'passed' | 'cancelled'} EventState
 *
 * @typedef {object} RunEvent
 * @property {number} id
 * @property {string} name
 * @property {string} description
 * @property {boolean} private
 * @property {EventState} state
 * @property {string} date in its time zone
 * @property {string} time in its time zone
 * @property {string} time_zone
 * @property {number | null} starts_at_ms
 * @property {number | null} ends_at_ms
 * @property {number | null} duration_s
 * @property {Place | null} start
 * @property {Place | null} destination
 * @property {number | null} capacity
 * @property {number} participants
 * @property {{id: string, name: string}} creator
 * @property {number | null} created_at_ms
 * @property {number | null} started_at_ms
 * @property {number | null} ended_at_ms
 * @property {number | null} cancelled_at_ms
 *
 * @typedef {{latitude: number, longitude: number}} Place
 * @typedef {{number: number, id: string, name: string}} Participant
 *
 * @typedef {object} EventSnapshot the reply to a subscription
 * @property {number | null} at_ms
 * @property {RunEvent} event
 * @property {Participant[]} roster
 * @property {boolean} complete
 *
 * @typedef {object} RosterChange
 * @property {'joined' | 'left'} type
 * @property {number | null} at_ms
 * @property {{id: string, name: string}} user
 * @property {number} number
 * @property {number} participants
 * @property {boolean} removed
 *
 * @typedef {object} EventStateChange
 * @property {'started' | 'ended' | 'changed' | 'cancelled'} type
 * @property {number | null} at_ms
 * @property {RunEvent} event
 *
 * @typedef {object} AchievementChange somebody who participates has reached a level
 * @property {'achievement'} type
 * @property {number | null} at_ms
 * @property {{id: string, name: string}} user
 * @property {{id: number, name: string, title: {[language: string]: string}, level: number}} achievement
 *
 * @typedef {RosterChange | EventStateChange | AchievementChange} EventChange
 */

/**
 * Who stands first on a board: said by the channels `leaderboard:<achievement id or variable>`.
 * @typedef {{position: number, user: {id: string, name: string}, value: number}} Standing
 *
 * @typedef {object} Standings
 * @property {'standings'} type
 * @property {number | null} at_ms
 * @property {string} board an achievement's id, or a variable's name
 * @property {string} period `all`, or the first day of the one that is under way
 * @property {number} total how many stand there
 * @property {Standing[]} top
 * @property {Standing[]} moved those of the first hundred who have
 */

/**
 * Where many runners are: a frame of the channels `positions:<event id>` and `map:<cell>`.
 * @typedef {object} Frame
 * @property {'picture' | 'positions'} type a picture is in place of all that was said before
 * @property {number} at_ms
 * @property {{number: number, id: string}[]} came ids of runs that go by these numbers from now on, on the map
 * @property {{number: number, latitude: number, longitude: number, time_ms: number, paused: boolean}[]} runners
 * @property {number[]} gone
 *
 * @typedef {object} Counts how many there are in each cell of zoom 6
 * @property {'counts'} type
 * @property {number} at_ms
 * @property {{cell: string, count: number}[]} cells
 */

const STATES = ['planned', 'live', 'paused', 'finished'];
const EVENT_STATES = ['come_up', 'current', 'passed', 'cancelled'];

/** @param {string} id */
export function runChannel(id) {
  return `run:${id}`;
}

/** @param {number} id */
export function eventChannel(id) {
  return `event:${id}`;
}

/** @param {number | string} event its id */
export function positionsChannel(event) {
  return `positions:${event}`;
}

/** @param {string} board an achievement's id, or a variable's name @returns {string} */
export function leaderboardChannel(board) {
  return `leaderboard:${board}`;
}

/** @param {string} cell a quadkey of 2, 6, 10 or 14 digits */
export function mapChannel(cell) {
  return `map:${cell}`;
}

/** @param {unknown} value @returns {number | null} */
export function numberOf(value) {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** @param {unknown} value @returns {number | null} milliseconds */
export function timeOf(value) {
  const time_ms = typeof value === 'string' ? Date.parse(value) : NaN;
  return Number.isNaN(time_ms) ? null : time_ms;
}

/** @param {unknown} value @returns {any[]} */
function arrayOf(value) {
  return Array.isArray(value) ? value : [];
}

/** @param {any} document @returns {Position | null} */
export function parsePosition(document) {
  const time_ms = timeOf(document?.time);
  const latitude = numberOf(document?.latitude);
  const longitude = numberOf(document?.longitude);
  if (time_ms === null || latitude === null || longitude === null) return null;
  return {
    time_ms,
    latitude,
    longitude,
    elevation_m: numberOf(document.elevation_m),
    accuracy_m: numberOf(document.accuracy_m),
  };
}

/** @param {any} document @returns {Fix | null} */
export function parseFix(document) {
  const position = parsePosition(document);
  if (!position) return null;
  const standing = typeof document.standing === 'string' && document.standing !== 'normal' ? document.standing : null;
  return { ...position, standing };
}

/** @param {any} document @returns {Split | null} */
function parseSplit(document) {
  const kilometre = numberOf(document?.kilometre);
  const elapsed_s = numberOf(document?.elapsed_s);
  if (kilometre === null || elapsed_s === null) return null;
  return {
    kilometre,
    elapsed_s,
    moving_s: numberOf(document.moving_s) ?? elapsed_s,
    climb_m: numberOf(document.climb_m),
  };
}

/**
 * @template T
 * @param {unknown} documents
 * @param {(document: any) => T | null} parse
 * @returns {T[]} those that are whole
 */
function parseAll(documents, parse) {
  const parsed = [];
  for (const document of arrayOf(documents)) {
    const item = parse(document);
    if (item !== null) parsed.push(item);
  }
  return parsed;
}

/** @param {any} document @returns {Run | null} null when it is no run */
export function parseRun(document) {
  if (typeof document?.id !== 'string' || !STATES.includes(document.state)) return null;
  return {
    id: document.id,
    user: { id: String(document.user?.id ?? ''), name: String(document.user?.name ?? 'A runner') },
    state: document.state,
    event: numberOf(document.event),
    started_at_ms: timeOf(document.started_at),
    finished_at_ms: timeOf(document.finished_at),
    finish_reason: typeof document.finish_reason === 'string' ? document.finish_reason : null,
    position: parsePosition(document.position),
    distance_m: numberOf(document.distance_m) ?? 0,
    elapsed_s: numberOf(document.elapsed_s) ?? 0,
    moving_s: numberOf(document.moving_s) ?? 0,
    pace_s_per_km: numberOf(document.pace_s_per_km),
    climb_m: numberOf(document.climb_m) ?? 0,
    descent_m: numberOf(document.descent_m) ?? 0,
    fixes: numberOf(document.fixes) ?? 0,
    splits: parseAll(document.splits, parseSplit),
  };
}

/** @param {any} row `[time_ms, latitude, longitude, elevation_m | null, distance_m]` @returns {TrackPoint | null} */
function parseTrackPoint(row) {
  if (!Array.isArray(row)) return null;
  const [time_ms, latitude, longitude, elevation_m, distance_m] = row.map(numberOf);
  if (time_ms === null || latitude === null || longitude === null) return null;
  return { time_ms, latitude, longitude, elevation_m: elevation_m ?? null, distance_m: distance_m ?? 0 };
}

/** @param {any} data of `subscribed` @returns {Snapshot | null} null when the subscription was recovered */
export function parseSnapshot(data) {
  const run = data?.type === 'snapshot' ? parseRun(data.run) : null;
  if (!run) return null;
  return {
    at_ms: timeOf(data.at),
    run,
    track: parseAll(data.track?.fixes, parseTrackPoint),
    simplified: data.track?.simplified === true,
  };
}

/** Rows count in these parts of a degree. */
const PARTS = 100_000;

/** @param {any} row @param {number[]} origin @param {number} at_ms */
function parseRow(row, origin, at_ms) {
  if (!Array.isArray(row) || row.length < 4 || row.some((each) => numberOf(each) === null)) return null;
  const [number, north, east, tenths, paused] = row;
  return {
    number,
    latitude: (origin[0] + north) / PARTS,
    longitude: (origin[1] + east) / PARTS,
    time_ms: at_ms - tenths * 100,
    paused: paused === 1,
  };
}

/** @param {any} data of a frame, or of the reply to subscribe @returns {Frame | Counts | null} */
export function parseFrame(data) {
  const at_ms = numberOf(data?.at_ms);
  if (at_ms === null) return null;
  const pair = (/** @type {any} */ row) => (Array.isArray(row) && row.length === 2 ? row : null);
  if (data.type === 'counts') {
    return { type: 'counts', at_ms, cells: parseAll(data.cells, pair).map(([cell, count]) => ({ cell, count })) };
  }
  if (data.type !== 'picture' && data.type !== 'positions') return null;
  const origin = arrayOf(data.origin).map((part) => numberOf(part) ?? 0);
  return {
    type: data.type,
    at_ms,
    came: parseAll(data.came, pair).map(([number, id]) => ({ number, id: String(id) })),
    runners: origin.length === 2 ? parseAll(data.runners, (row) => parseRow(row, origin, at_ms)) : [],
    gone: parseAll(data.gone, numberOf),
  };
}

/** @param {any} data of a publication, or of the reply to subscribe @returns {Standings | null} null when it is none */
export function parseStandings(data) {
  if (data?.type !== 'standings') return null;
  return {
    type: 'standings',
    at_ms: timeOf(data.at),
    board: String(data.board),
    period: String(data.period),
    total: numberOf(data.total) ?? 0,
    top: parseAll(data.top, parseStanding),
    moved: parseAll(data.moved, parseStanding),
  };
}

/** @param {any} row @returns {Standing | null} */
function parseStanding(row) {
  const position = numberOf(row?.position);
  const value = numberOf(row?.value);
  return position === null || value === null ? null : { position, user: parseUser(row.user), value };
}

/** @param {any} data of a publication @returns {Change | null} null for a type that this page does not know */
export function parseChange(data) {
  const at_ms = timeOf(data?.at);
  switch (data?.type) {
    case 'fixes':
      return {
        type: 'fixes',
        at_ms,
        fixes: parseAll(data.fixes, parseFix),
        position: parsePosition(data.position),
        distance_m: numberOf(data.distance_m) ?? 0,
        elapsed_s: numberOf(data.elapsed_s) ?? 0,
        moving_s: numberOf(data.moving_s) ?? 0,
        pace_s_per_km: numberOf(data.pace_s_per_km),
        climb_m: numberOf(data.climb_m) ?? 0,
        descent_m: numberOf(data.descent_m) ?? 0,
        splits: parseAll(data.splits, parseSplit),
      };
    case 'started':
    case 'paused':
    case 'resumed':
    case 'finished':
      return {
        type: data.type,
        at_ms,
        distance_m: numberOf(data.distance_m),
        elapsed_s: numberOf(data.elapsed_s),
        moving_s: numberOf(data.moving_s),
        climb_m: numberOf(data.climb_m),
        descent_m: numberOf(data.descent_m),
        reason: typeof data.reason === 'string' ? data.reason : null,
      };
    default:
      return null;
  }
}

/** @param {any} user */
export function parseUser(user) {
  return { id: String(user?.id ?? ''), name: String(user?.name ?? '') };
}

/** @param {any} place @returns {Place | null} */
function parsePlace(place) {
  const latitude = numberOf(place?.latitude);
  const longitude = numberOf(place?.longitude);
  return latitude === null || longitude === null ? null : { latitude, longitude };
}

/** @param {any} document @returns {RunEvent | null} null when it is no event */
export function parseEvent(document) {
  const id = numberOf(document?.id);
  if (id === null || !EVENT_STATES.includes(document.state)) return null;
  return {
    id,
    name: String(document.name ?? ''),
    description: String(document.description ?? ''),
    private: document.private === true,
    state: document.state,
    date: String(document.date ?? ''),
    time: String(document.time ?? ''),
    time_zone: String(document.time_zone ?? ''),
    starts_at_ms: timeOf(document.starts_at),
    ends_at_ms: timeOf(document.ends_at),
    duration_s: numberOf(document.duration_s),
    start: parsePlace(document.start),
    destination: parsePlace(document.destination),
    capacity: numberOf(document.capacity),
    participants: numberOf(document.participants) ?? 0,
    creator: parseUser(document.creator),
    created_at_ms: timeOf(document.created_at),
    started_at_ms: timeOf(document.started_at),
    ended_at_ms: timeOf(document.ended_at),
    cancelled_at_ms: timeOf(document.cancelled_at),
  };
}

/** @param {any} row `[number, id, name]` @returns {Participant | null} */
function parseParticipant(row) {
  if (!Array.isArray(row) || typeof row[1] !== 'string') return null;
  const number = numberOf(row[0]);
  return number === null ? null : { number, id: row[1], name: String(row[2] ?? '') };
}

/** @param {any} data of `subscribed` @returns {EventSnapshot | null} null when the subscription was recovered */
export function parseEventSnapshot(data) {
  const event = data?.type === 'snapshot' ? parseEvent(data.event) : null;
  if (!event) return null;
  const roster = parseAll(data.roster, parseParticipant);
  return { at_ms: timeOf(data.at), event, roster, complete: data.complete === true };
}

/** @param {any} document which achievement, and which level of it */
export function parseAchievement(document) {
  const id = numberOf(document?.id);
  const level = numberOf(document?.level);
  if (id === null || level === null) return null;
  return { id, name: String(document.name ?? ''), title: parseTexts(document.title), level };
}

/** @param {any} document @returns {{[language: string]: string}} */
export function parseTexts(document) {
  return Object.fromEntries(Object.entries(document ?? {}).map(([language, text]) => [language, String(text)]));
}

/** @param {any} data of a publication @returns {EventChange | null} null for a type that this page does not know */
export function parseEventChange(data) {
  const at_ms = timeOf(data?.at);
  switch (data?.type) {
    case 'joined':
    case 'left': {
      const number = numberOf(data.number);
      if (number === null) return null;
      const participants = numberOf(data.participants) ?? 0;
      return { type: data.type, at_ms, user: parseUser(data.user), number, participants, removed: data.removed === true };
    }
    case 'started':
    case 'ended':
    case 'changed':
    case 'cancelled': {
      const event = parseEvent(data.event);
      return event && { type: data.type, at_ms, event };
    }
    case 'achievement': {
      const achievement = parseAchievement(data.achievement);
      return achievement && { type: data.type, at_ms, user: parseUser(data.user), achievement };
    }
    default:
      return null;
  }
}
