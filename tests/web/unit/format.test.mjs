// Pure: numbers as people read them.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import {
  formatAge, formatDistance, formatDuration, formatHeight, formatPace, sayDistance, sayPace,
} from '../../../web-demo/format.js';

const tables = [
  [formatDistance, [[0, 'km', '0.00 km'], [4214.6, 'km', '4.21 km'], [1609.344, 'mi', '1.00 mi'], [123_456, 'km', '123.5 km']]],
  [formatPace, [[303, 'km', '5:03 /km'], [300, 'mi', '8:03 /mi'], [null, 'km', '–'], [0, 'km', '–'], [299.6, 'km', '5:00 /km']]],
  [formatDuration, [[0, '0:00'], [59.9, '0:59'], [1267, '21:07'], [3753, '1:02:33'], [-4, '0:00']]],
  [formatAge, [[null, 'no position yet'], [0.4, 'just now'], [12.9, '12 s ago'], [61, '1 min ago'], [7300, '2 h ago'], [90_000, 'a day ago']]],
  [formatHeight, [[12.4, 'km', '12 m'], [10, 'mi', '33 ft']]],
  [sayDistance, [[1000, 'km', '1.0 kilometre'], [4214, 'km', '4.2 kilometres'], [3218.7, 'mi', '2.0 miles']]],
  [sayPace, [[303, 'km', '5 minutes 3 seconds per kilometre'], [null, 'km', '']]],
];

for (const [format, rows] of tables) {
  test(`${format.name}_reads_as_people_write_it`, () => {
    for (const row of rows) assert.equal(format(...row.slice(0, -1)), row.at(-1));
  });
}
