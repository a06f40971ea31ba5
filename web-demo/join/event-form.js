/**
 * The plan of an event, between the form in which people fill it in and the document that the server takes. Pure: the clock and
 * the time zone are arguments.
 */

/** @typedef {import('../protocol.js').Place} Place */

/**
 * What stands in the form: words as they were typed.
 * @typedef {object} Values
 * @property {string} name
 * @property {string} description
 * @property {boolean} private
 * @property {string} date like 2026-11-25
 * @property {string} time like 18:00
 * @property {string} time_zone
 * @property {number} duration_s
 * @property {string} capacity empty for as many as come
 * @property {Place | null} start
 * @property {Place | null} destination
 *
 * @typedef {{[field: string]: unknown}} Plan as the server takes it
 * @typedef {{field: string, message: string}} Wrong
 */

const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86_400;

/** What people choose from. */
export const DURATIONS_S = [0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, 24, 48].map((hours) => hours * HOUR_S);
const DURATION_S = 2 * HOUR_S;
/** A tap is no more exact than this: 0.1 m. */
const DIGITS = 6;

/** @param {number} duration_s @returns {string} like "1 h 30 min" */
export function durationWords(duration_s) {
  const days = Math.floor(duration_s / DAY_S);
  const hours = Math.floor((duration_s % DAY_S) / HOUR_S);
  const minutes = Math.floor((duration_s % HOUR_S) / MINUTE_S);
  const words = [];
  if (days) words.push(days === 1 ? '1 day' : `${days} days`);
  if (hours) words.push(`${hours} h`);
  if (minutes || words.length === 0) words.push(`${minutes} min`);
  return words.join(' ');
}

/**
 * The time that clocks show in a zone.
 * @param {number} time_ms @param {string} time_zone
 * @returns {{date: string, time: string}}
 */
export function clockIn(time_ms, time_zone) {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: time_zone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23',
  });
  const parts = Object.fromEntries(format.formatToParts(time_ms).map(({ type, value }) => [type, value]));
  return { date: `${parts.year}-${parts.month}-${parts.day}`, time: `${parts.hour}:${parts.minute}` };
}

/**
 * When a clock in that zone shows this.
 * @param {string} date @param {string} time @param {string} time_zone
 * @returns {number | null} milliseconds; null for no such date, time or zone
 */
export function instantOf(date, time, time_zone) {
  const plain_ms = Date.parse(`${date}T${time.length === 5 ? `${time}:00` : time}Z`);
  if (Number.isNaN(plain_ms)) return null;
  try {
    // The offset is that of the time itself, which the first guess may miss by the hour of a clock change.
    let time_ms = plain_ms;
    for (let round = 0; round < 2; round += 1) {
      const shown = clockIn(time_ms, time_zone);
      time_ms += plain_ms - Date.parse(`${shown.date}T${shown.time}:${time.slice(6) || '00'}Z`);
    }
    return time_ms;
  } catch {
    return null;
  }
}

/**
 * A new event: at the next full hour but one, so that there is time to ask people.
 * @param {number} now_ms @param {string} time_zone
 * @returns {Values}
 */
export function newValues(now_ms, time_zone) {
  const hour_ms = HOUR_S * 1000;
  const { date, time } = clockIn((Math.floor(now_ms / hour_ms) + 2) * hour_ms, time_zone);
  return {
    name: '', description: '', private: true, date, time: `${time.slice(0, 2)}:00`, time_zone, duration_s: DURATION_S, capacity: '',
    start: null, destination: null,
  };
}

/** @param {import('../protocol.js').RunEvent} event @returns {Values} */
export function valuesOf(event) {
  return {
    name: event.name,
    description: event.description,
    private: event.private,
    date: event.date,
    time: event.time.endsWith(':00') ? event.time.slice(0, 5) : event.time,
    time_zone: event.time_zone,
    duration_s: event.duration_s ?? DURATION_S,
    capacity: event.capacity === null ? '' : String(event.capacity),
    start: event.start,
    destination: event.destination,
  };
}

/** @param {Place | null} place @returns {Place | null} */
function rounded(place) {
  return place && { latitude: Number(place.latitude.toFixed(DIGITS)), longitude: Number(place.longitude.toFixed(DIGITS)) };
}

/**
 * What only this page can tell is said here; all else is left to the server, whose words stand at the field too.
 * @param {Values} values
 * @returns {{plan: Plan} | {wrong: Wrong}}
 */
export function planOf(values) {
  if (!values.name.trim()) return { wrong: { field: 'name', message: 'Give your event a name.' } };
  if (!values.date) return { wrong: { field: 'date', message: 'Choose a day.' } };
  if (!values.time) return { wrong: { field: 'time', message: 'Choose a time.' } };
  const capacity = values.capacity.trim();
  if (capacity && !/^[1-9]\d*$/.test(capacity)) {
    return { wrong: { field: 'capacity', message: 'A whole number of people, or nothing for as many as come.' } };
  }
  if (!values.start) return { wrong: { field: 'start', message: 'Choose on the map where it starts.' } };
  return {
    plan: {
      name: values.name.trim(),
      description: values.description.trim(),
      private: values.private,
      date: values.date,
      time: values.time,
      time_zone: values.time_zone,
      duration_s: values.duration_s,
      capacity: capacity ? Number(capacity) : null,
      start: rounded(values.start),
      destination: rounded(values.destination),
    },
  };
}

/**
 * A day and a time that only look like ones: what clocks leave out when they are put forward, and what is over. What stood there
 * before somebody changes the rest may stay.
 * @param {Values} values @param {number} now_ms @param {Values | null} before
 * @returns {Wrong | null}
 */
export function wrongTime(values, now_ms, before) {
  const { date, time, time_zone } = values;
  const starts_at_ms = instantOf(date, time, time_zone);
  const isKept = before && before.date === date && before.time === time && before.time_zone === time_zone;
  if (starts_at_ms !== null && !isKept) {
    const shown = clockIn(starts_at_ms, time_zone);
    if (shown.date !== date || shown.time !== time.slice(0, 5)) {
      return { field: 'time', message: `Clocks are put forward that day: there is no ${time.slice(0, 5)} in ${time_zone}.` };
    }
  }
  if (!isOver(values, now_ms) || (before && isOver(before, now_ms))) return null;
  return { field: 'date', message: 'That has passed already. Choose a day or a time to come.' };
}

/** @param {Values} values @param {number} now_ms */
function isOver({ date, time, time_zone, duration_s }, now_ms) {
  // Of years that are no longer counted in a zone, the plain clock is exact enough.
  const starts_at_ms = instantOf(date, time, time_zone) ?? Date.parse(`${date}T${time.slice(0, 5)}Z`);
  return starts_at_ms + duration_s * 1000 < now_ms;
}

/**
 * What differs: what an event that has begun must not change is then not sent.
 * @param {Plan} plan @param {Plan} before @returns {Plan}
 */
export function changesOf(plan, before) {
  return Object.fromEntries(Object.entries(plan).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])));
}

/** The field of the form that the server means. @param {string | null} field like "start.longitude" @returns {string | null} */
export function fieldOf(field) {
  return field?.split(/[.[]/)[0] || null;
}

/**
 * @param {string} latitude as typed @param {string} longitude as typed
 * @returns {{place: Place | null} | {wrong: string, axis: 'latitude' | 'longitude'}} null when nothing is typed
 */
export function placeTyped(latitude, longitude) {
  const [north, east] = [latitude, longitude].map((text) => text.trim().replace(',', '.').replace('−', '-'));
  if (!north && !east) return { place: null };
  const place = { latitude: degrees(north), longitude: degrees(east) };
  if (!(Math.abs(place.latitude) <= 90)) return { wrong: 'A latitude is a number from −90 to 90.', axis: 'latitude' };
  if (!(Math.abs(place.longitude) <= 180)) return { wrong: 'A longitude is a number from −180 to 180.', axis: 'longitude' };
  return { place };
}

/** Decimals as people write them, not all that JavaScript takes for a number. @param {string} text */
function degrees(text) {
  return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : NaN;
}

/** @param {Place} place @returns {string} like "60.16990, 24.95080" */
export function placeWords({ latitude, longitude }) {
  return `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;
}
