/**
 * Which runners are out together, so that the map can show a neighbourhood instead of the whole world. Pure.
 */

import { boundsOf, distanceM } from './geo.js';

/** Runners closer than this to a member of a group belong to it. */
export const GROUP_M = 8_000;

/**
 * @typedef {{id: string, latitude: number, longitude: number}} Member
 * @typedef {{ids: string[], bounds: import('./geo.js').Bounds}} Group
 */

/**
 * Groups by nearness, the largest first; equal ones from north to south. Buckets keep it far from n².
 * @param {Member[]} members
 * @returns {Group[]}
 */
export function groupsOf(members) {
  const ordered = members.slice().sort((a, b) => (a.id < b.id ? -1 : 1));
  const parent = ordered.map((_, index) => index);
  /** @param {number} index @returns {number} */
  const root = (index) => {
    let at = index;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]];
      at = parent[at];
    }
    return at;
  };
  /** @type {Map<string, number[]>} */
  const buckets = new Map();
  const side = 0.1;
  ordered.forEach((member, index) => {
    const row = Math.floor(member.latitude / side);
    // A degree of longitude shrinks towards the poles; the bucket widens with it.
    const width = side / Math.max(0.05, Math.cos((row * side * Math.PI) / 180));
    const column = Math.floor(member.longitude / width);
    for (let y = row - 1; y <= row + 1; y += 1) {
      for (let x = column - 2; x <= column + 2; x += 1) {
        for (const other of buckets.get(`${y} ${x}`) ?? []) {
          if (root(other) !== root(index) && distanceM(ordered[other], member) < GROUP_M) parent[root(index)] = root(other);
        }
      }
    }
    const key = `${row} ${column}`;
    buckets.set(key, [...(buckets.get(key) ?? []), index]);
  });
  /** @type {Map<number, Member[]>} */
  const found = new Map();
  ordered.forEach((member, index) => found.set(root(index), [...(found.get(root(index)) ?? []), member]));
  return [...found.values()]
    .map((group) => ({
      ids: group.map((member) => member.id),
      bounds: /** @type {import('./geo.js').Bounds} */ (boundsOf(group)),
    }))
    .sort((a, b) => b.ids.length - a.ids.length || b.bounds.north - a.bounds.north);
}
