// Pure: what is known of an event as its channel tells it.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { applyEventChange, eventKnown, participantsWords } from '../../../web-demo/events.js';

const event = { id: 17, name: 'Night run', state: 'come_up', participants: 2, capacity: null };
const eero = { number: 2, id: 'u2', name: 'Eero' };

test('whoever_comes_and_goes_is_on_the_roster_by_number', () => {
  const known = eventKnown({ at_ms: 1, event, roster: [{ number: 1, id: 'u1', name: 'Aino' }, eero], complete: true });
  const change = (type, number, user, participants) => ({ type, at_ms: 2, number, user, participants, removed: false });
  applyEventChange(known, change('joined', 3, { id: 'u3', name: 'Iida' }, 3));
  applyEventChange(known, change('joined', 3, { id: 'u3', name: 'Iida' }, 3));
  applyEventChange(known, change('left', 1, { id: 'u1', name: 'Aino' }, 2));
  assert.deepEqual([...known.roster.values()], [eero, { number: 3, id: 'u3', name: 'Iida' }]);
  assert.equal(known.event.participants, 2);
  applyEventChange(known, { type: 'started', at_ms: 3, event: { ...event, state: 'current' } });
  assert.equal(known.event.state, 'current');
  const achievement = { id: 1, name: 'first_5_km', title: {}, level: 1 };
  applyEventChange(known, { type: 'achievement', at_ms: 4, user: { id: 'u2', name: 'Eero' }, achievement });
  assert.equal(known.event.state, 'current', 'what somebody achieves does not change the event');
});

test('how_many_come_is_said_in_words', () => {
  assert.equal(participantsWords({ participants: 1, capacity: null }), '1 person');
  assert.equal(participantsWords({ participants: 8, capacity: null }), '8 people');
  assert.equal(participantsWords({ participants: 1, capacity: 20 }), '1 of 20 people');
});
