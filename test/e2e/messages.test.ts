import { expect } from 'chai';
import type { MessageDraft } from '../../sdk/index.ts';
import { useLive } from './support/live.ts';
import type { Viewer } from './support/stack.ts';
import { until } from './support/watch.ts';

/** The message's id, or the code of the refusal. */
function send({ page }: Viewer, draft: MessageDraft): Promise<string> {
  return page.evaluate(
    (sent) =>
      window.viewer.session.messages.send(sent).then(
        ({ header }) => header.id,
        ({ code }: { code: string }) => code,
      ),
    draft,
  );
}

/** Tries until the server takes it: until the viewer is back, and has not sent too much. @returns The message's id. */
function accepted(viewer: Viewer, draft: MessageDraft): Promise<string> {
  return until(
    `${draft.text} is taken`,
    () => send(viewer, draft),
    (answer) => !/^messages?_/.test(answer),
    20_000,
  );
}

function remove({ page }: Viewer, id: string): Promise<string> {
  return page.evaluate(
    (removed) =>
      window.viewer.session.messages.remove(removed).then(
        () => 'ok',
        ({ code }: { code: string }) => code,
      ),
    id,
  );
}

/** What was told, in its order: `name: text`, in brackets where it is history; `-id` where it was removed. */
async function told({ page }: Viewer): Promise<string[]> {
  const log = await page.evaluate(() => window.viewer.log);
  return log.flatMap(({ name, event }) => {
    if (name === 'messageRemoved') return [`-${(event as { id: string }).id}`];
    if (name !== 'message') return [];
    const { message, isHistory } = event as { message: Told; isHistory: boolean };
    const line = `${message.name ?? message.header.from}: ${message.text}`;
    return [isHistory ? `(${line})` : line];
  });
}

async function idsHeard({ page }: Viewer): Promise<string[]> {
  const log = await page.evaluate(() => window.viewer.log);
  return log.flatMap(({ name, event }) =>
    name === 'message' ? [(event as { message: Told }).message.header.id] : [],
  );
}

interface Told {
  header: { id: string; from: string };
  name?: string;
  text: string;
}

async function isTold(viewers: readonly Viewer[], lines: readonly string[]): Promise<void> {
  for (const viewer of viewers)
    await until(
      `it is told ${lines.join(', ')}`,
      () => told(viewer),
      (seen) => seen.join('\n') === lines.join('\n'),
      5_000,
    );
}

async function isJoined(viewer: Viewer): Promise<void> {
  await until(
    'it has joined',
    () => viewer.read(),
    ({ stats }) => stats.status === 'joined',
    15_000,
  );
}

describe('viewers that talk', function () {
  this.timeout(90_000);
  const live = useLive();

  it('hear each other, in other browsers and in other tabs, and take messages back', async () => {
    const host = await live.join({ role: 'host', name: 'Ada' });
    const viewer = await live.join({ name: 'Bob' });
    // Fed by the tab before it; what it says goes its own way.
    const tab = await live.join({ name: 'Bob', context: viewer.context });
    for (const each of live.viewers) await isJoined(each);
    const sender = await host.page.evaluate(() => window.viewer.session.messages.sender);
    expect(sender).to.include({ role: 'host', name: 'Ada' });
    await send(host, { text: 'welcome', kind: 'announcement' });
    await isTold(live.viewers, ['Ada: welcome']);
    const id = await send(tab, { text: 'first!' });
    await isTold(live.viewers, ['Ada: welcome', 'Bob: first!']);
    expect(await send(viewer, { text: 'mine', priority: 'high' })).to.equal('message_not_allowed');
    expect(await send(viewer, { text: '' })).to.equal('message_invalid');
    expect(await remove(host, id)).to.equal('ok');
    await isTold(live.viewers, ['Ada: welcome', 'Bob: first!', `-${id}`]);
    const late = await live.join();
    await isTold([late], ['(Ada: welcome)']);
  });

  it('are told at once when there is no room to talk in', async () => {
    const viewer = await live.join({ signaling: 'ws://127.0.0.1:9' });
    expect(await send(viewer, { text: 'anybody?' })).to.equal('messages_unavailable');
    await viewer.page.evaluate(() => window.viewer.session.close());
    expect(await send(viewer, { text: 'anybody?' })).to.equal('messages_unavailable');
  });

  it('go on after a restart of signaling, and are told nothing twice', async () => {
    const room = 'restarted';
    const [ada, bob] = [
      await live.join({ room, name: 'Ada' }),
      await live.join({ room, name: 'Bob' }),
    ];
    for (const each of live.viewers) await isJoined(each);
    await send(ada, { text: 'before' });
    await isTold(live.viewers, ['Ada: before']);
    await live.stack.restartSignaling();
    await accepted(ada, { text: 'back' });
    const last = await accepted(bob, { text: 'after' });
    await until(
      'one hears the other',
      () => idsHeard(ada),
      (ids) => ids.at(-1) === last,
      5_000,
    );
    for (const each of live.viewers) {
      const ids = await idsHeard(each);
      expect(new Set(ids).size).to.equal(ids.length);
    }
  });
});
