// Pure: which cells of the map are watched, and what is known of those who are in them.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { CELLS_MAX, cellsOf, crowdsOf, middleOf, quadkey } from '../../../web-demo/cells.js';
import { createView } from '../../../web-demo/view.js';

test('quadkeys_are_those_of_the_server', () => {
  assert.equal(quadkey(3, 5, 3), '213');
  const [helsinki] = cellsOf({ west: 24.9414, east: 24.9414, south: 60.1719, north: 60.1719 });
  assert.equal(helsinki, quadkey(9327, 4742, 14));
});

test('a_view_has_few_cells_at_every_zoom_and_at_the_edges_of_the_world', () => {
  for (let zoom = 0; zoom < 20; zoom += 0.5) {
    const [across, along] = [(1920 / 512 / 2 ** zoom) * 180, (1080 / 512 / 2 ** zoom) * 60];
    for (const [longitude, latitude] of [[24.94, 60.17], [180, 0], [-180, -80], [0, 84.9]]) {
      const cells = cellsOf({ west: longitude - across, east: longitude + across, south: latitude - along, north: latitude + along });
      assert.ok(cells.length <= CELLS_MAX);
      assert.equal(new Set(cells).size, cells.length);
      assert.ok(cells.length > 0, `${zoom}`);
      for (const cell of cells) assert.match(cell, /^([0-3]{2}|[0-3]{6}|[0-3]{10}|[0-3]{14})$/);
      assert.ok(zoom < 6 || cells[0].length > 2, 'near by, people are seen one by one');
    }
  }
});

test('cells_are_left_when_those_in_view_have_answered', () => {
  const inside = new Map();
  const seen = [];
  const gone = [];
  const view = createView({
    enter: (cell, hear) => inside.set(cell, hear),
    leave: (cell) => inside.delete(cell),
    onSeen: (all) => seen.push(...all.map(({ id }) => id)),
    onGone: (id) => gone.push(id),
  });
  const frame = (more) => ({ type: 'positions', at_ms: 1, came: [], runners: [], gone: [], ...more });
  const row = (number) => ({ number, latitude: 1, longitude: 2, time_ms: 3, paused: false });
  view.show(['a', 'b']);
  inside.get('a')(frame({ type: 'picture', came: [{ number: 1, id: 'x' }], runners: [row(1), row(9)] }), true);
  inside.get('b')(frame({ type: 'picture' }), true);
  view.show(['c']);
  assert.deepEqual([...inside.keys()], ['a', 'b', 'c']);
  inside.get('a')(frame({ runners: [row(1)] }), false);
  inside.get('c')(frame({ type: 'picture', came: [{ number: 1, id: 'x' }], runners: [row(1)] }), true);
  assert.deepEqual([...inside.keys()], ['c']);
  assert.deepEqual(seen, ['x', 'x', 'x']);
  inside.get('c')(frame({ gone: [1, 7] }), false);
  assert.deepEqual(gone, ['x']);
});

test('the_world_is_sixteen_cells_that_count', () => {
  assert.equal(cellsOf({ west: -400, east: 400, south: -80, north: 80 }).length, 16);
  assert.deepEqual(middleOf('1'), { x: 0.75, y: 0.25 });
  assert.deepEqual(middleOf('30'), { x: 0.625, y: 0.625 });
});

test('counts_are_told_as_what_has_changed', () => {
  const inside = new Map();
  const view = createView({ enter: (cell, hear) => inside.set(cell, hear), leave: () => {}, onSeen: () => {}, onGone: () => {} });
  const tell = (cells, whole) => inside.get('12')({ type: 'counts', at_ms: 1, cells }, whole);
  view.show(['12']);
  tell([{ cell: '120120', count: 3 }, { cell: '120121', count: 1 }], true);
  tell([{ cell: '120121', count: 0 }, { cell: '120122', count: 5 }], false);
  assert.deepEqual([...view.counts()], [['120120', 3], ['120122', 5]]);
  tell([{ cell: '120122', count: 2 }], true);
  assert.deepEqual([...view.counts()], [['120122', 2]], 'a whole picture is in place of all before');
  view.show(['120122']);
  assert.equal(view.counts().size, 0, 'nearer by, nobody is counted');
});

test('a_crowd_is_where_more_are_than_are_known', () => {
  const here = { x: 0.56, y: 0.29 };
  const key = quadkey(Math.floor(here.x * 64), Math.floor(here.y * 64), 6);
  assert.deepEqual(crowdsOf(new Map([[key, 2]]), [here, here]), { crowds: [], rest: [here, here] });
  const there = { x: 0.1, y: 0.1 };
  assert.deepEqual(crowdsOf(new Map([[key, 3]]), [here, there]), { crowds: [{ ...here, count: 3 }], rest: [there] });
  assert.deepEqual(crowdsOf(new Map([[key, 1]]), []), { crowds: [{ ...middleOf(key), count: 1 }], rest: [] });
});
