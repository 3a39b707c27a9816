/** The chat of the demo's page, as its user has it. */
import type { Page } from 'playwright-core';
import { until } from './watch.ts';

interface ShownMessage {
  id: string;
  name: string;
  text: string;
  /** What the mark beside the name says; empty where there is none. */
  mark: string;
}

export function messages(page: Page): Promise<ShownMessage[]> {
  return page.locator('#chat-list .message').evaluateAll((rows) =>
    rows.map((row) => {
      const text = (name: string) => row.querySelector(name)?.textContent ?? '';
      return {
        ...{ id: row.dataset.id ?? '', name: text('.message-name') },
        ...{ text: text('.message-text'), mark: text('.message-mark') },
      };
    }),
  );
}

export function arrives(page: Page, text: string, isSo = (_message: ShownMessage) => true) {
  const find = async () => (await messages(page)).find((message) => message.text === text);
  const holds = (found: ShownMessage | undefined) => found !== undefined && isSo(found);
  return until(`it is told "${text}"`, find, holds, 5_000) as Promise<ShownMessage>;
}

export const rowOf = (page: Page, text: string) =>
  page.locator('.message').filter({ hasText: text });
export const kept = async (page: Page) => (await page.locator('#chat-kept').textContent()) ?? '';
export const threshold = async (page: Page) =>
  Number(await page.locator('#chat-threshold').inputValue());

export async function say(page: Page, text: string): Promise<void> {
  const input = page.locator('#chat-input');
  await input.fill(text);
  await input.press('Enter');
  await until(
    'it is sent',
    () => input.inputValue(),
    (left) => left === '',
    5_000,
  );
}

export async function becomes(page: Page, name: string): Promise<void> {
  await page.getByLabel('You are').selectOption({ label: name });
  const isReady = (text: string) => text.startsWith('Kept in IndexedDB');
  await until('it has its log', () => kept(page), isReady, 10_000);
}

/** What the panel adds up, and what it says that it is. */
export async function sums(page: Page): Promise<{ sum: number; logit: number }> {
  return page.locator('#why').evaluate((panel) => {
    const values = [...panel.querySelectorAll('data')].map(({ value }) => Number(value));
    const logit = panel.querySelector<HTMLElement>('#why-sum')?.dataset.logit;
    return { sum: values.reduce((total, value) => total + value, 0), logit: Number(logit) };
  });
}

export async function isAbout(page: Page, text: string): Promise<void> {
  const about = async () => (await page.locator('#why-message').textContent()) ?? '';
  await until('the panel is about it', about, (words) => words.includes(text), 3_000);
}

/** Whether the room takes an announcement of somebody with a token like that of a viewer of the page. */
export function announceAs(page: Page, role: string): Promise<string> {
  return page.evaluate(async (asked) => {
    const path = '/sdk/index.ts';
    const { joinRoom } = (await import(path)) as typeof import('../../../sdk/index.ts');
    const query = new URLSearchParams({ room: 'harbour', viewer: 'stranger', role: asked });
    const answer = await fetch(`/api/token?${query}`);
    if (!answer.ok) return `no token: ${answer.status}`;
    const { token } = (await answer.json()) as { token: string };
    const { signalingPort } = (await (await fetch('/api/state')).json()) as {
      signalingPort: number;
    };
    const signaling = `ws://${location.hostname}:${signalingPort}/`;
    const session = joinRoom({ room: 'harbour', signaling, token });
    await new Promise<void>((resolve) => {
      session.on('status', ({ status }) => status === 'joined' && resolve());
    });
    const sent = session.messages.send({ text: 'from a stranger', kind: 'announcement' });
    const outcome = await sent.then(
      () => 'taken',
      ({ code }: { code: string }) => code,
    );
    await session.close();
    return outcome;
  }, role);
}
