// What an app does with the SDK, told once for every transport and run in Node and in the page alike. Knows neither.
//
// A stage gives each scenario: `Centrifuge` and the arguments for it, tokens, a line that can be cut, and somebody elsewhere who
// publishes over a socket of his own.

const DEADLINE_MS = 20_000;

/** Bytes and documents: what the Protobuf form carries is bytes, which are JSON here too. */
export function form(isBinary) {
  return isBinary
    ? {
        write: (document) => new TextEncoder().encode(JSON.stringify(document)),
        read: (data) => JSON.parse(new TextDecoder().decode(data)),
      }
    : { write: (document) => document, read: (data) => data };
}

function same(actual, expected, what) {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (left !== right) throw new Error(`${what}: ${left} instead of ${right}`);
}

function holds(condition, what) {
  if (!condition) throw new Error(what);
}

/** Everything an emitter says, in order; what was said before it is asked for counts too. */
class Heard {
  constructor(emitter, ...events) {
    this.items = [];
    this.wake = () => {};
    for (const event of events) {
      emitter.on(event, (context) => {
        this.items.push({ event, ...context });
        this.wake();
      });
    }
  }

  /** The first that `is` true for, once it is there. */
  async find(is, what) {
    const deadline = Date.now() + DEADLINE_MS;
    for (;;) {
      const found = this.items.find(is);
      if (found) return found;
      const left_ms = deadline - Date.now();
      const seen = () => this.items.map((item) => `${item.event} ${item.code ?? ''} ${item.offset ?? ''}`).join(', ');
      if (left_ms <= 0) throw new Error(`${what} did not come; there came: ${seen() || 'nothing'}`);
      let timer;
      await new Promise((resolve) => {
        this.wake = resolve;
        timer = setTimeout(resolve, left_ms);
      });
      // Nothing waits for it any more, and Node.js would.
      clearTimeout(timer);
    }
  }

  next(event) {
    return this.find((item) => item.event === event, `\`${event}\``);
  }

  /** So many publications, as documents. */
  async documents(count, read) {
    const all = () => this.items.filter((item) => item.event === 'publication');
    await this.find(() => all().length >= count, `publication ${count}`);
    return all().map((item) => read(item.data));
  }
}

/** The code that a promise fails with. */
async function codeOf(promise) {
  try {
    await promise;
  } catch (error) {
    return error.code;
  }
  throw new Error('it did not fail');
}

const now_s = () => Math.floor(Date.now() / 1000);
const numbered = (from, count) => Array.from({ length: count }, (_, index) => ({ number: from + index, text: 'Hyvä, Åke! 😀' }));

class Act {
  constructor(stage) {
    this.stage = stage;
    this.clients = [];
    Object.assign(this, form(stage.isBinary));
    this.name = (space = '') => `${space}${Math.random().toString(36).slice(2)}`;
  }

  client(options = {}) {
    const client = new this.stage.Centrifuge(this.stage.endpoint, { minReconnectDelay: 50, maxReconnectDelay: 500, ...this.stage.options, ...options });
    this.clients.push(client);
    return client;
  }

  async connected(options) {
    const client = this.client(options);
    client.connect();
    await client.ready(DEADLINE_MS);
    return client;
  }

  async subscribed(client, channel, options) {
    const subscription = client.newSubscription(channel, options);
    const heard = new Heard(subscription, 'subscribed', 'unsubscribed', 'publication', 'join', 'leave', 'error');
    subscription.subscribe();
    await subscription.ready(DEADLINE_MS);
    return { subscription, heard };
  }

  end() {
    for (const client of this.clients) client.disconnect();
  }
}

export const scenarios = {
  async a_stranger_connects(act) {
    const client = act.client();
    const heard = new Heard(client, 'connected', 'disconnected');
    client.connect();
    const { client: id, transport } = await heard.next('connected');
    holds(id, 'a client has an id');
    same(transport, act.stage.transport, 'transport');
    client.disconnect();
    same((await heard.next('disconnected')).code, 0, 'code');
  },

  async a_bad_token_ends_the_connection_for_good(act) {
    const client = act.client({ token: 'bad' });
    const heard = new Heard(client, 'connected', 'disconnected');
    client.connect();
    same((await heard.next('disconnected')).code, 3500, 'code');
  },

  async an_expired_token_is_replaced(act) {
    const good = await act.stage.token({ sub: 'aino' });
    let asked = 0;
    const getToken = async () => {
      asked += 1;
      return good;
    };
    const token = await act.stage.token({ sub: 'aino', exp: now_s() - 60 });
    await act.connected({ token, getToken });
    same(asked, 1, 'new tokens');
  },

  async a_token_is_refreshed_before_it_expires(act) {
    const claims = () => ({ sub: 'aino', exp: now_s() + 3 });
    const first = await act.stage.token(claims());
    let fresh;
    const asked = new Promise((resolve) => {
      fresh = resolve;
    });
    const client = act.client({
      token: first,
      getToken: async () => {
        const token = await act.stage.token({ sub: 'aino' });
        fresh();
        return token;
      },
    });
    const heard = new Heard(client, 'connected', 'connecting', 'disconnected', 'error');
    client.connect();
    await heard.next('connected');
    await asked;
    // The connection that has a new token is the same as before. What did not get through is not told of tokens.
    await client.presenceStats((await act.subscribed(client, act.name())).subscription.channel);
    const told = heard.items.filter((item) => item.event !== 'connecting' && item.type !== 'transport');
    same(told.map((item) => item.event), ['connected'], 'what came of it');
  },

  async who_publishes_is_named_and_hears_himself(act) {
    const client = await act.connected({ token: await act.stage.token({ sub: 'aino', info: { club: 'Åland' } }) });
    const { subscription, heard } = await act.subscribed(client, act.name());
    await subscription.publish(act.write({ cheer: 'hyvä' }));
    const { data, info, offset } = await heard.next('publication');
    same(act.read(data), { cheer: 'hyvä' }, 'data');
    same(info.user, 'aino', 'user');
    holds(info.client, 'the client has an id');
    same(act.read(info.connInfo), { club: 'Åland' }, 'info of the token');
    same(offset, 1, 'offset');
  },

  async only_subscribers_publish_and_look_around(act) {
    const client = await act.connected();
    const channel = act.name();
    same(await codeOf(client.publish(channel, act.write({}))), 103, 'publish');
    same(await codeOf(client.history(channel, { limit: 1 })), 103, 'history');
    same(await codeOf(client.presence(channel)), 103, 'presence');
    same(await codeOf(client.presenceStats(channel)), 103, 'presence stats');
  },

  async what_nobody_handles_is_not_available(act) {
    const client = await act.connected();
    same(await codeOf(client.rpc('no such method', act.write({}))), 108, 'rpc');
    await client.send(act.write({ nobody: 'listens' }));
    // Still there.
    same(await codeOf(client.rpc('no such method', act.write({}))), 108, 'rpc');
  },

  async presence_says_who_is_there(act) {
    const channel = act.name();
    const aino = await act.connected({ token: await act.stage.token({ sub: 'aino' }) });
    const first = await act.subscribed(aino, channel, { joinLeave: true });
    same((await first.heard.next('join')).info.user, 'aino', 'the own join');
    const onni = await act.connected({ token: await act.stage.token({ sub: 'onni' }) });
    const second = await act.subscribed(onni, channel, { joinLeave: true });
    const isOnni = (event) => (item) => item.event === event && item.info.user === 'onni';
    const { info } = await first.heard.find(isOnni('join'), "onni's join");
    const { clients } = await first.subscription.presence();
    same(Object.values(clients).map((each) => each.user).sort(), ['aino', 'onni'], 'presence');
    same(clients[info.client].user, 'onni', 'presence by client');
    const { numClients, numUsers } = await first.subscription.presenceStats();
    same([numClients, numUsers], [2, 2], 'stats');
    second.subscription.unsubscribe();
    await first.heard.find(isOnni('leave'), "onni's leave");
  },

  async history_is_read_page_by_page(act) {
    const client = await act.connected();
    const { subscription } = await act.subscribed(client, act.name());
    const documents = numbered(1, 5);
    for (const document of documents) await subscription.publish(act.write(document));
    const read = ({ publications }) => publications.map(({ data }) => act.read(data).number);
    const all = await subscription.history({ limit: -1 });
    same(read(all), [1, 2, 3, 4, 5], 'all');
    same(all.offset, 5, 'top');
    holds(all.epoch, 'an epoch');
    same(read(await subscription.history({ limit: 0 })), [], 'the place alone');
    same(read(await subscription.history({ limit: 2 })), [1, 2], 'the first page');
    const since = { offset: 2, epoch: all.epoch };
    same(read(await subscription.history({ limit: 2, since })), [3, 4], 'the second page');
    same(read(await subscription.history({ limit: 2, reverse: true })), [5, 4], 'the newest first');
    same(read(await subscription.history({ limit: 5, since: { ...since, offset: 3 }, reverse: true })), [2, 1], 'back from a place');
    same(await codeOf(subscription.history({ limit: 5, since: { offset: 2, epoch: 'other' } })), 112, 'another epoch');
  },

  async after_a_tunnel_nothing_is_missing(act) {
    const channel = act.name();
    const client = await act.connected();
    const { heard } = await act.subscribed(client, channel);
    await act.stage.publishElsewhere(channel, numbered(1, 3));
    await heard.documents(3, act.read);
    await act.stage.cut();
    await act.stage.publishElsewhere(channel, numbered(4, 5));
    await act.stage.mend();
    const back = await heard.find((item) => item.event === 'subscribed' && item.wasRecovering, 'the second subscribed');
    same(back.recovered, true, 'recovered');
    await act.stage.publishElsewhere(channel, numbered(9, 1));
    same(await heard.documents(9, act.read), numbered(1, 9), 'publications');
  },

  async what_cannot_be_made_up_for_is_said(act) {
    const channel = act.name('smallhistory:');
    const client = await act.connected();
    const { heard } = await act.subscribed(client, channel);
    await act.stage.cut();
    await act.stage.publishElsewhere(channel, numbered(1, 4));
    await act.stage.mend();
    const back = await heard.find((item) => item.event === 'subscribed' && item.wasRecovering, 'the second subscribed');
    same(back.recovered, false, 'recovered');
    await act.stage.publishElsewhere(channel, numbered(5, 1));
    same(await heard.documents(1, act.read), numbered(5, 1), 'publications');
  },

  async deltas_give_the_same_documents(act) {
    const channel = act.name();
    const client = await act.connected();
    const { subscription, heard } = await act.subscribed(client, channel, { delta: 'fossil' });
    const long = Array.from({ length: 300 }, (_, index) => ({ km: index, note: `Ylämäki ${index % 7} – 😀` }));
    const documents = [
      { list: long },
      { list: long },
      { list: long.map((item) => (item.km === 150 ? { ...item, note: 'è é € ₭ 😁' } : item)) },
      { list: long.slice(0, 20) },
      { list: [...long].reverse() },
      {},
      { list: long, more: 'more' },
    ];
    await act.stage.publishElsewhere(channel, documents);
    same(await heard.documents(documents.length, act.read), documents, 'documents');
    const { numDeltaPayloads, numFullPayloads, bytesReceived, bytesDecoded } = subscription.deltaStats();
    holds(numDeltaPayloads >= 4, `only ${numDeltaPayloads} were deltas`);
    holds(numFullPayloads >= 1, 'the first is whole');
    holds(bytesReceived * 2 < bytesDecoded, `${bytesReceived} bytes for ${bytesDecoded}`);
  },

  async deltas_go_on_after_a_tunnel(act) {
    const channel = act.name();
    const client = await act.connected();
    const { subscription, heard } = await act.subscribed(client, channel, { delta: 'fossil' });
    const filled = (from, count) => numbered(from, count).map((document) => ({ ...document, same: 'the same '.repeat(50) }));
    await act.stage.publishElsewhere(channel, filled(1, 2));
    await heard.documents(2, act.read);
    await act.stage.cut();
    await act.stage.publishElsewhere(channel, filled(3, 4));
    await act.stage.mend();
    await heard.documents(6, act.read);
    await act.stage.publishElsewhere(channel, filled(7, 2));
    same(await heard.documents(8, act.read), filled(1, 8), 'documents');
    const { numDeltaPayloads } = subscription.deltaStats();
    holds(numDeltaPayloads >= 4, `only ${numDeltaPayloads} were deltas`);
  },

  async the_personal_channel_is_there_by_itself(act) {
    const user = act.name('u');
    const client = act.client({ token: await act.stage.token({ sub: user }) });
    const heard = new Heard(client, 'subscribed', 'publication', 'connected');
    client.connect();
    same((await heard.next('subscribed')).channel, `#${user}`, 'channel');
    await client.publish(`#${user}`, act.write({ own: true }));
    const { channel, data } = await heard.next('publication');
    same([channel, act.read(data)], [`#${user}`, { own: true }], 'publication');
  },

  async a_token_can_bring_channels_along(act) {
    const [plain, chosen] = [act.name(), act.name()];
    const token = await act.stage.token({ sub: 'aino', channels: [plain], subs: { [chosen]: { info: { lane: 1 } } } });
    const client = act.client({ token });
    const heard = new Heard(client, 'subscribed', 'publication');
    client.connect();
    for (const name of [plain, chosen]) await heard.find((item) => item.event === 'subscribed' && item.channel === name, name);
    await act.stage.publishElsewhere(chosen, numbered(1, 1));
    const { channel } = await heard.next('publication');
    same(channel, chosen, 'channel');
  },

  async a_subscription_token_is_checked(act) {
    const client = await act.connected({ token: await act.stage.token({ sub: 'aino' }) });
    const channel = act.name();
    const token = await act.stage.token({ sub: 'aino', channel, info: { lane: 4 } });
    const { subscription, heard } = await act.subscribed(client, channel, { token });
    await subscription.publish(act.write({}));
    same(act.read((await heard.next('publication')).info.chanInfo), { lane: 4 }, 'info of the token');
    const bad = client.newSubscription(act.name(), { token: 'bad' });
    const badHeard = new Heard(bad, 'unsubscribed', 'subscribed');
    bad.subscribe();
    same((await badHeard.next('unsubscribed')).code, 103, 'code');
    const late = act.name();
    let asked = 0;
    await act.subscribed(client, late, {
      token: await act.stage.token({ sub: 'aino', channel: late, exp: now_s() - 60 }),
      getToken: async () => {
        asked += 1;
        return act.stage.token({ sub: 'aino', channel: late });
      },
    });
    same(asked, 1, 'new tokens');
  },

  async who_unsubscribes_hears_nothing_and_recovers_later(act) {
    const channel = act.name();
    const client = await act.connected();
    const { subscription, heard } = await act.subscribed(client, channel);
    await act.stage.publishElsewhere(channel, numbered(1, 1));
    await heard.documents(1, act.read);
    subscription.unsubscribe();
    await act.stage.publishElsewhere(channel, numbered(2, 2));
    // Whatever was on its way has come when this is answered.
    await codeOf(client.rpc('no such method', act.write({})));
    same((await heard.documents(1, act.read)).length, 1, 'publications');
    subscription.subscribe();
    same(await heard.documents(3, act.read), numbered(1, 3), 'publications');
  },

  async what_one_device_scores_the_other_hears(act) {
    const token = await act.stage.account(act.name());
    const [phone, page] = [await act.connected({ token }), act.client({ token })];
    const heard = new Heard(page, 'publication');
    page.connect();
    await page.ready(DEADLINE_MS);
    const apply = async (data) => act.read((await phone.rpc('habit.apply', act.write(data))).data);
    const begun = await apply({ op: 'addTask', task: { id: 'h', type: 'habit', text: 'Hyvä, Åke! 😀' } });
    const operations = [{ op: 'score', task: { id: 'h' }, dir: 'up', id: 'the one' }];
    const { v, changes, errors, was_modified } = await apply({ operations, v: begun.v });
    same([v, errors, was_modified], [begun.v + 1, [], false], 'reply');
    same(changes.slice(0, 2).map((it) => it.change), ['task_changed', 'stats'], 'changes of the reply');
    const [first, second] = await heard.documents(2, act.read);
    same([first.type, first.v, first.changes], ['habits', begun.v, begun.changes], 'first change');
    same([second.type, second.v, second.changes], ['habits', v, changes], 'second change');
    same(await apply({ operations, v }), { v, changes: [], errors: [], was_modified: false }, 'the same once more');
    same(await codeOf(phone.rpc('habit.apply', act.write(7))), 107, 'no batch');
    const stranger = await act.connected();
    same(await codeOf(stranger.rpc('habit.apply', act.write({ operations }))), 103, 'nobody');
  },

  async channels_are_bounded_and_the_connection_stays(act) {
    const client = act.client();
    const space = act.name();
    const all = Array.from({ length: 129 }, (_, index) => client.newSubscription(`${space}-${index}`));
    const last = new Heard(all[128], 'unsubscribed', 'subscribed', 'error');
    for (const subscription of all) subscription.subscribe();
    client.connect();
    for (const subscription of all.slice(0, 128)) await subscription.ready(DEADLINE_MS);
    same((await last.next('unsubscribed')).code, 106, 'code');
    same(client.state, 'connected', 'state');
  },
};

/** Runs one of them. */
export async function play(name, stage) {
  const act = new Act(stage);
  try {
    await scenarios[name](act);
  } catch (error) {
    // The SDK fails with objects that are no errors, which lose what they say on the way out of a page.
    throw error instanceof Error ? error : new Error(`${error.code} ${error.message}`);
  } finally {
    act.end();
    await stage.mend();
  }
}
