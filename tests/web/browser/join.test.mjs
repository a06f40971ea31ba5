// Joining: an event is made on the map, people are invited by name and by link, everybody sees who comes, and they start together.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import decodeQR from 'qr/decode.js';
import { onEachStore } from '../server.mjs';
import { call, launch, openLine, openPage, until } from '../support.mjs';

const AXE = readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
/** Lines that a browser writes itself when the server is away. */
const AWAY = [/ERR_CONNECTION|ERR_EMPTY_RESPONSE|ERR_SOCKET|WebSocket connection/];
const PASSWORD = 'a few words in a row';

/** A new user, and a browser of theirs at a page. */
async function enter({ browser, server }, name, path, { url = server.url, ...options } = {}) {
  const { id, token } = await call(server.url, '/api/users', { body: { name, password: PASSWORD } });
  const account = { id, name, token };
  const localStorage = [{ name: 'runnity.account', value: JSON.stringify(account) }];
  const opened = await openPage(browser, `${url}${path}`, {
    ...options, reducedMotion: 'reduce', expected: AWAY, storageState: { cookies: [], origins: [{ origin: url, localStorage }] },
  });
  await opened.page.evaluate(() => { window.notReloaded = true; });
  return { ...opened, ...account };
}

/** What the code says, read from the picture as a camera would. */
async function readCode(page) {
  const pixels = await page.locator('.qr svg').evaluate(async (svg) => {
    const copy = svg.cloneNode(true);
    copy.setAttribute('width', '400');
    copy.setAttribute('height', '400');
    const image = new Image();
    image.src = `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 400;
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    return [...context.getImageData(0, 0, 400, 400).data];
  });
  return decodeQR({ width: 400, height: 400, data: Uint8ClampedArray.from(pixels) });
}

async function seriousOf(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document));
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
}

/** Makes a private event by the form, the start tapped on the map and the destination put by keyboard → its id. */
async function createOnMap({ page, name: maker }, name) {
  await until(page, () => window.runnity?.where().idle);
  await page.getByLabel('Name').fill(name);
  await page.getByRole('button', { name: 'Create the event' }).click();
  await page.getByText('Choose on the map where it starts.').waitFor();
  assert.equal(await page.getByLabel('Name').inputValue(), name, `what ${maker} typed is kept`);
  const map = page.locator('.where-map');
  await map.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await map.boundingBox();
  await page.mouse.click(x + width * 0.4, y + height * 0.6);
  await until(page, () => window.runnity.where().places.start);
  await page.locator('.maplibregl-canvas').focus();
  await page.keyboard.press('ArrowRight');
  await until(page, () => window.runnity.where().idle);
  await page.getByRole('button', { name: 'Put destination here' }).press('Enter');
  await until(page, () => window.runnity.where().places.destination);
  assert.deepEqual(await seriousOf(page), []);
  await page.getByRole('button', { name: 'Create the event' }).click();
  await page.waitForURL(/\/events\/\d+$/);
  await page.getByRole('heading', { level: 1, name }).waitFor();
  await page.evaluate(() => { window.notReloaded = true; });
  return Number(new URL(page.url()).pathname.split('/')[2]);
}

const onRoster = (person, name) => person.page.locator('#roster').getByText(name, { exact: true });

onEachStore('people_come_by_name_and_by_link_and_start_together', async (site) => {
  // A browser without WebGL: whoever comes needs no map, and drawing one in software is what takes long here.
  const light = await launch(['--disable-software-rasterizer']);
  try {
    await comeAndStart(site, light);
  } finally {
    await light.close();
  }
});

async function comeAndStart(site, browser) {
  const { server } = site;
  const tail = randomBytes(3).toString('hex');
  const line = await openLine(server.url);
  const maker = await enter(site, `Aino ${tail}`, '/events/new', { width: 1000, height: 700 });
  const other = await enter({ server, browser }, `Veikko ${tail}`, '/events', { url: line.url, width: 360, height: 740 });
  await other.page.locator('#connection[data-connection="live"]').waitFor();

  const name = `Night run ${tail}`;
  const id = await createOnMap(maker, name);
  const { start, destination } = await call(server.url, `/api/events/${id}`, { method: 'GET', token: maker.token });
  assert.ok(start.latitude < destination.latitude && start.longitude < destination.longitude, 'places are where the map was tapped');

  // By name: seen at once by who is invited.
  await maker.page.getByLabel('Find people by name').fill(`veik ${tail}`);
  await maker.page.getByRole('button', { name: `Choose ${other.name}` }).click();
  await maker.page.getByRole('button', { name: 'Invite 1 person' }).click();
  await maker.page.getByText('1 invited, not answered yet').waitFor();
  const invitation = other.page.locator('#invitations').getByRole('link', { name });
  await invitation.waitFor();
  assert.equal(await other.page.evaluate(() => window.notReloaded), true);
  await invitation.click();
  await other.page.getByRole('button', { name: 'Accept' }).click();
  await other.page.getByRole('link', { name: 'Get ready' }).waitFor();
  await onRoster(maker, other.name).waitFor();
  await maker.page.getByText(`${other.name} comes too. 2 people are coming.`).waitFor();
  await maker.page.getByText('1 invited, not answered yet').waitFor({ state: 'hidden' });

  // By link: the code says it; without an account one comes back to it, and the server hears nothing of the secret.
  await maker.page.getByRole('button', { name: 'Make a link' }).click();
  const link = await maker.page.getByLabel('The link', { exact: true }).inputValue();
  assert.match(link, /\/s#rl_/);
  assert.equal(await readCode(maker.page), link);
  const third = await openPage(browser, link, { reducedMotion: 'reduce', expected: AWAY });
  const asked = [];
  third.page.on('request', (request) => asked.push(request.url()));
  third.name = `Maija ${tail}`;
  await third.page.getByRole('button', { name: 'Join' }).click();
  await third.page.getByLabel('Name').fill(third.name);
  await third.page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await third.page.getByRole('button', { name: 'Sign up' }).click();
  await third.page.getByRole('button', { name: 'Join' }).click();
  await third.page.waitForURL(`${server.url}/events/${id}`);
  await third.page.getByRole('link', { name: 'Get ready' }).waitFor();
  assert.deepEqual(asked.filter((address) => address.includes('rl_') && new URL(address).search.includes('rl_')), []);
  await onRoster(maker, third.name).waitFor();
  await onRoster(other, third.name).waitFor();

  // A line that is cut in the middle: what was missed is there afterwards.
  await other.page.evaluate(() => { window.notReloaded = true; });
  line.cut();
  await other.page.locator('#connection[data-connection="reconnecting"]').waitFor();
  const late = await call(server.url, '/api/users', { body: { name: `Eero ${tail}`, password: PASSWORD } });
  await call(server.url, `/api/events/${id}/invitations`, { token: maker.token, body: { users: [late.id] } });
  await call(server.url, `/api/events/${id}/participants`, { token: late.token });
  line.mend();
  await onRoster(other, late.name).waitFor();

  // And a server that dies.
  await server.restart();
  for (const person of [maker, other, third]) {
    await person.page.locator('#connection[data-connection="live"]').waitFor();
  }

  // Together: whoever takes part is told at once.
  await maker.page.getByRole('button', { name: 'Start now' }).click();
  await maker.page.getByRole('dialog').getByRole('button', { name: 'Start now' }).click();
  for (const person of [maker, other, third]) {
    await person.page.getByText(`${name} has begun.`).waitFor();
    assert.equal(await person.page.getByRole('link', { name: 'Run now' }).getAttribute('href'), `/record?event=${id}`);
  }
  for (const person of [maker, other]) assert.equal(await person.page.evaluate(() => window.notReloaded), true);
  for (const person of [maker, third]) assert.deepEqual(await seriousOf(person.page), []);
  for (const { faults } of [maker, other, third]) assert.deepEqual(faults, []);
  line.close();
}

onEachStore('friends_are_found_asked_and_told_at_once', async (site) => {
  const tail = randomBytes(3).toString('hex');
  const aino = await enter(site, `Aino ${tail}`, '/friends');
  const veikko = await enter(site, `Veikko ${tail}`, '/friends', { width: 360, height: 740, theme: 'dark' });
  await veikko.page.locator('#connection[data-connection="live"]').waitFor();

  await aino.page.getByLabel('Name').fill(`veikko ${tail}`);
  await aino.page.getByRole('button', { name: `Ask to be friends: ${veikko.name}` }).click();
  await aino.page.getByRole('button', { name: `Withdraw: ${veikko.name}` }).first().waitFor();
  await veikko.page.getByRole('button', { name: `Accept: ${aino.name}` }).click();
  await veikko.page.getByText('You see each other’s runs.').waitFor();
  await aino.page.getByRole('button', { name: `Remove: ${veikko.name}` }).first().waitFor();

  await veikko.page.getByRole('button', { name: `Block: ${aino.name}` }).click();
  await veikko.page.getByRole('dialog').getByRole('button', { name: 'Block', exact: true }).click();
  await veikko.page.getByRole('button', { name: `Unblock: ${aino.name}` }).waitFor();
  for (const { page, faults } of [aino, veikko]) {
    assert.equal(await page.evaluate(() => window.notReloaded), true);
    assert.deepEqual(await seriousOf(page), []);
    assert.deepEqual(faults, []);
  }
});

onEachStore('what_is_typed_of_an_event_is_its_writers_and_becomes_one_event', async ({ server }) => {
  // Without a map places are typed.
  const browser = await launch(['--disable-software-rasterizer', '--disable-gpu']);
  try {
    const tail = randomBytes(3).toString('hex');
    const site = { server, browser };
    const { page, token, faults } = await enter(site, `Aino ${tail}`, '/events/new', { width: 360, height: 740 });
    const create = page.getByRole('button', { name: 'Create the event' });
    const latitude = page.locator('#start-latitude');
    const longitude = page.locator('#start-longitude');
    const name = `Night run ${tail}`;
    await page.getByLabel('Name').fill(name);
    await page.locator('details.typing[open]').waitFor();

    await latitude.fill('60.17');
    await create.click();
    await page.locator('#start-longitude[aria-invalid="true"]:focus').waitFor();
    await longitude.fill('24.94');
    await longitude.press('Tab');
    await page.getByText('Start: 60.17000').waitFor();
    await latitude.fill('');
    await longitude.fill('');
    // The mouse is where the button is before the field is left.
    await create.click();
    await page.getByText('Type where it starts.').waitFor();
    await page.locator('#start-latitude[aria-invalid="true"]:focus').waitFor();
    await latitude.fill('60.17');
    await longitude.fill('24.94');

    // The answer is lost, and the page is loaded again: still it becomes one event.
    let asked = 0;
    await page.route('**/api/events', async (route) => {
      if (route.request().method() !== 'POST') return route.continue();
      asked += 1;
      if (asked > 1) return route.continue();
      await route.fetch();
      await route.abort('connectionreset');
    });
    await create.click();
    await page.getByText('The server does not answer.').waitFor();
    await page.reload();
    await create.waitFor();
    assert.equal(await page.getByLabel('Name').inputValue(), name);
    await page.getByLabel('Name').fill(`${name}, changed`);
    await create.click();
    await page.getByText('It is among your events already').waitFor();
    const mine = async () => (await call(server.url, '/api/events?mine=true&page=1&page_size=9', { method: 'GET', token })).length;
    assert.equal(await mine(), 1);

    // Another who logs in here does not see it, nor is it left after a log-out.
    const other = await call(server.url, '/api/users', { body: { name: `Veikko ${tail}`, password: PASSWORD } });
    await page.evaluate((account) => localStorage.setItem('runnity.account', JSON.stringify(account)), { id: other.id, name: `Veikko ${tail}`, token: other.token });
    await page.reload();
    await create.waitFor();
    assert.equal(await page.getByLabel('Name').inputValue(), '');
    await page.getByLabel('Name').fill('Of Veikko');
    assert.match(await page.evaluate(() => sessionStorage.getItem('runnity.event-draft')), /Of Veikko/);
    await page.goto(`${server.url}/account`);
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByRole('button', { name: 'Log out' }).waitFor({ state: 'detached' });
    assert.equal(await page.evaluate(() => sessionStorage.getItem('runnity.event-draft')), null);
    assert.deepEqual(faults.filter((fault) => !/ERR_CONNECTION|422/.test(fault)), []);
  } finally {
    await browser.close();
  }
});
