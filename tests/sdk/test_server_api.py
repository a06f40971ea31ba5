"""PyPI cent, the server API's client, beside a client of the live protocol that hears what it does."""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import unittest
import uuid

import cent
import centrifuge

URL = os.environ["RUNNITY_URL"]
SECRET = os.environ["TOKEN_SECRET"]
KEY = os.environ["API_KEY"]
SECONDS_MAX = 30


def token(user):
    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=")

    text = b".".join(part(json.dumps(value).encode()) for value in ({"typ": "JWT", "alg": "HS256"}, {"sub": user}))
    return (text + b"." + part(hmac.new(SECRET.encode(), text, hashlib.sha256).digest())).decode()


class Heard(centrifuge.ClientEventHandler, centrifuge.SubscriptionEventHandler):
    """Everything that the server says to one client, in order."""

    def __init__(self):
        self.queue = asyncio.Queue()

    async def on_subscribed(self, ctx):
        self.queue.put_nowait(("subscribed", ctx))

    async def on_unsubscribed(self, ctx):
        self.queue.put_nowait(("unsubscribed", ctx))

    async def on_publication(self, ctx):
        self.queue.put_nowait(("publication", ctx))

    async def on_disconnected(self, ctx):
        self.queue.put_nowait(("disconnected", ctx))

    async def next(self, kind, channel=None):
        """The next of this kind, on this channel; what comes before is of no interest."""
        while True:
            what, ctx = await asyncio.wait_for(self.queue.get(), SECONDS_MAX)
            if what == kind and (channel is None or ctx.channel == channel):
                return ctx


class TestServerApi(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.api = cent.AsyncClient(f"{URL}/api", api_key=KEY)
        self.addAsyncCleanup(self.api.close)
        self.channel = "api" + uuid.uuid4().hex
        self.user = "u" + uuid.uuid4().hex

    async def connected(self, user=None):
        heard = Heard()
        client = centrifuge.Client(
            URL.replace("http", "ws", 1) + "/connection/websocket", events=heard, token=token(user or self.user)
        )
        self.addAsyncCleanup(client.disconnect)
        await client.connect()
        await asyncio.wait_for(client.ready(), SECONDS_MAX)
        return client, heard

    async def subscribed(self, client, channel=None):
        heard = Heard()
        subscription = client.new_subscription(channel or self.channel, events=heard)
        await subscription.subscribe()
        await asyncio.wait_for(subscription.ready(), SECONDS_MAX)
        return heard

    async def numbers(self, **more):
        page = await self.api.history(cent.HistoryRequest(channel=self.channel, **more))
        return [publication.data["number"] for publication in page.publications]

    async def test_another_key_is_refused(self):
        for key in ("", "another"):
            with self.subTest(key=key), self.assertRaises(cent.CentUnauthorizedError):
                api = cent.AsyncClient(f"{URL}/api", api_key=key)
                self.addAsyncCleanup(api.close)
                await api.info(cent.InfoRequest())

    async def test_what_is_published_is_heard(self):
        client, _ = await self.connected()
        heard = await self.subscribed(client)
        request = cent.PublishRequest(channel=self.channel, data={"cheer": "hyvä"}, tags={"lane": "4"})
        result = await self.api.publish(request)
        self.assertEqual(result.offset, 1)
        self.assertTrue(result.epoch)
        publication = (await heard.next("publication")).pub
        self.assertEqual(publication.data, {"cheer": "hyvä"})
        self.assertEqual(publication.tags, {"lane": "4"})
        self.assertEqual(publication.offset, 1)
        # No client has published it.
        self.assertIsNone(publication.info)

    async def test_the_same_idempotency_key_publishes_once(self):
        request = cent.PublishRequest(channel=self.channel, data={"number": 1}, idempotency_key=uuid.uuid4().hex)
        first = await self.api.publish(request)
        await self.api.publish(cent.PublishRequest(channel=self.channel, data={"number": 2}))
        again = await self.api.publish(request)
        self.assertEqual((first.offset, first.epoch), (again.offset, again.epoch))
        self.assertEqual(await self.numbers(limit=-1), [1, 2])

    async def test_an_older_version_is_not_published(self):
        for version in (2, 1, 3):
            await self.api.publish(cent.PublishRequest(channel=self.channel, data={"number": version}, version=version))
        self.assertEqual(await self.numbers(limit=-1), [2, 3])

    async def test_what_is_not_for_history_is_heard_all_the_same(self):
        client, _ = await self.connected()
        heard = await self.subscribed(client)
        await self.api.publish(cent.PublishRequest(channel=self.channel, data={"number": 1}, skip_history=True))
        self.assertEqual((await heard.next("publication")).pub.data, {"number": 1})
        self.assertEqual(await self.numbers(limit=-1), [])

    async def test_a_broadcast_goes_to_each_channel(self):
        other = self.channel + "-other"
        result = await self.api.broadcast(cent.BroadcastRequest(channels=[self.channel, other], data={"number": 1}))
        self.assertEqual([response.result.offset for response in result.responses], [1, 1])
        self.assertEqual(await self.numbers(limit=-1), [1])

    async def test_history_is_read_page_by_page_and_removed(self):
        for number in range(1, 6):
            await self.api.publish(cent.PublishRequest(channel=self.channel, data={"number": number}))
        place = await self.api.history(cent.HistoryRequest(channel=self.channel))
        self.assertEqual((place.offset, place.publications), (5, []))
        since = cent.StreamPosition(offset=2, epoch=place.epoch)
        self.assertEqual(await self.numbers(limit=-1), [1, 2, 3, 4, 5])
        self.assertEqual(await self.numbers(limit=2, since=since), [3, 4])
        self.assertEqual(await self.numbers(limit=2, reverse=True), [5, 4])
        with self.assertRaises(cent.CentApiResponseError) as raised:
            await self.numbers(limit=2, since=cent.StreamPosition(offset=2, epoch="other"))
        self.assertEqual(raised.exception.code, 112)
        await self.api.history_remove(cent.HistoryRemoveRequest(channel=self.channel))
        self.assertEqual(await self.numbers(limit=-1), [])

    async def test_presence_says_who_is_there(self):
        client, _ = await self.connected()
        await self.subscribed(client)
        again, _ = await self.connected()
        await self.subscribed(again)
        presence = (await self.api.presence(cent.PresenceRequest(channel=self.channel))).presence
        self.assertEqual([info.user for info in presence.values()], [self.user] * 2)
        self.assertEqual(sorted(presence), sorted(info.client for info in presence.values()))
        stats = await self.api.presence_stats(cent.PresenceStatsRequest(channel=self.channel))
        self.assertEqual((stats.num_clients, stats.num_users), (2, 1))

    async def test_a_user_is_subscribed_and_unsubscribed(self):
        _, heard = await self.connected()
        await self.api.subscribe(cent.SubscribeRequest(user=self.user, channel=self.channel))
        await heard.next("subscribed", self.channel)
        await self.api.publish(cent.PublishRequest(channel=self.channel, data={"number": 1}))
        self.assertEqual((await heard.next("publication", self.channel)).pub.data, {"number": 1})
        await self.api.unsubscribe(cent.UnsubscribeRequest(user=self.user, channel=self.channel))
        await heard.next("unsubscribed", self.channel)

    async def test_a_subscription_of_the_clients_own_is_ended(self):
        client, _ = await self.connected()
        heard = await self.subscribed(client)
        await self.api.unsubscribe(cent.UnsubscribeRequest(user=self.user, channel=self.channel))
        self.assertEqual((await heard.next("unsubscribed")).code, 2000)

    async def test_a_user_is_disconnected(self):
        _, other = await self.connected(self.user + "-other")
        _, heard = await self.connected()
        await self.api.disconnect(cent.DisconnectRequest(user=self.user))
        self.assertEqual((await heard.next("disconnected")).code, 3503)
        _, heard = await self.connected()
        own = cent.Disconnect(code=4500, reason="the race is over")
        await self.api.disconnect(cent.DisconnectRequest(user=self.user, disconnect=own))
        ctx = await heard.next("disconnected")
        self.assertEqual((ctx.code, ctx.reason), (4500, "the race is over"))
        # Other people's connections stay.
        await self.api.subscribe(cent.SubscribeRequest(user=self.user + "-other", channel=self.channel))
        await other.next("subscribed", self.channel)

    async def test_channels_and_nodes_are_listed(self):
        client, _ = await self.connected()
        await self.subscribed(client)
        channels = (await self.api.channels(cent.ChannelsRequest(pattern="api*"))).channels
        self.assertEqual(channels[self.channel].num_clients, 1)
        self.assertTrue(all(name.startswith("api") for name in channels))
        nodes = (await self.api.info(cent.InfoRequest())).nodes
        self.assertTrue(nodes[0].uid)
        self.assertGreaterEqual(sum(node.num_clients for node in nodes), 1)
        self.assertGreaterEqual(sum(node.num_users for node in nodes), 1)

    async def test_a_batch_is_answered_command_by_command(self):
        requests = [
            cent.PublishRequest(channel=self.channel, data={"number": 1}),
            cent.PublishRequest(channel=self.channel, data={"number": 2}),
            cent.HistoryRequest(channel=self.channel, limit=-1),
        ]
        first, second, history = (await self.api.batch(cent.BatchRequest(requests=requests))).replies
        self.assertEqual((first.offset, second.offset), (1, 2))
        self.assertEqual([publication.data["number"] for publication in history.publications], [1, 2])

    async def test_what_is_asked_wrongly_is_a_bad_request(self):
        for request in (
            cent.PublishRequest(channel="", data={}),
            cent.PublishRequest(channel="x" * 256, data={}),
            cent.PresenceRequest(channel=""),
        ):
            with self.subTest(request), self.assertRaises(cent.CentApiResponseError) as raised:
                await (self.api.publish if isinstance(request, cent.PublishRequest) else self.api.presence)(request)
            self.assertEqual(raised.exception.code, 107)
