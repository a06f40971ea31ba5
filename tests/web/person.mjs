// Somebody who has used Runnity for a while: runs, friends, an event, habits, a challenge. What pages are looked at with.
import { call, holdEvent, Phone } from './support.mjs';

const DAY_MS = 86_400_000;

/** @param {string} url @returns {Promise<{phone: Phone, friend: Phone, run: string, event: number, link: string}>} */
export async function livedPerson(url) {
  const [phone, friend] = [await Phone.signUp(url, 'Aino Korhonen'), await Phone.signUp(url, 'Veikko')];
  const me = await call(url, '/api/users/me', { token: phone.token, method: 'GET' });
  const other = await call(url, '/api/users/me', { token: friend.token, method: 'GET' });
  Object.assign(phone, { id: me.id });
  Object.assign(friend, { id: other.id });
  await call(url, '/api/friends', { token: phone.token, body: { user: other.id } });
  await call(url, `/api/friends/${me.id}`, { token: friend.token, method: 'PUT', body: { state: 'accepted' } });
  await habits(url, phone.token);
  const ends = new Date(Date.now() + 7 * DAY_MS).toISOString();
  const challenge = await call(url, '/api/challenges', {
    token: friend.token, body: { title: 'Ten kilometres this week', variable: 'distance_m', target: 10_000, users: [me.id], expires_at: ends },
  });
  await call(url, `/api/challenges/${challenge.id}/accept`, { token: phone.token });
  await call(url, '/api/challenges', {
    token: friend.token, body: { title: 'Most runs until Sunday', variable: 'runs', kind: 'most', users: [me.id], expires_at: ends },
  });
  const event = await holdEvent(phone, { name: 'Sunday morning along the bay', description: 'Twice around, then coffee and cinnamon buns.' });
  await call(url, `/api/events/${event}/participants`, { token: friend.token });
  const { path } = await call(url, '/api/share-links', { token: phone.token, body: { event } });
  await phone.begin({ before_s: 1500, event });
  await phone.say('finish');
  return { phone, friend, run: phone.run, event, link: path };
}

/** @param {string} url @param {string} token */
async function habits(url, token) {
  const tasks = [
    { type: 'habit', text: 'Take the stairs' }, { type: 'habit', text: 'Late-night snack' },
    { type: 'daily', text: 'Stretch for ten minutes' }, { type: 'daily', text: 'Run one kilometre', rule: { variable: 'distance_m', at_least: 1000 } },
    { type: 'todo', text: 'Buy new running shoes' }, { type: 'todo', text: 'Sign up for the half marathon, and find out who else is coming along' },
    { type: 'reward', text: 'An evening in the sauna', value: 20 },
  ];
  const made = [];
  for (const body of tasks) made.push(await call(url, '/api/tasks', { token, body }));
  const scores = [0, 0, 0, 2].map((index) => ({ task: made[index].id, direction: 'up' }));
  await call(url, '/api/tasks/score', { token, body: { scores: [...scores, { task: made[1].id, direction: 'down' }] } });
}
