/** The demo's own server, as the page sees it. */

import { type EdgeName, edgeTitles } from '../server/edge-offers.ts';
import type { Outage, OutageFault, OutageScope } from '../server/lines.ts';
import type { DemoState, EdgeState, FaultName, ServerName } from '../server/state.ts';
import type { Person } from './chat/people.ts';

export type {
  DemoState,
  EdgeName,
  EdgeState,
  FaultName,
  Outage,
  OutageFault,
  OutageScope,
  ServerName,
};

/** A loopback server that takes longer has gone or hangs. */
const answerWithinMs = 3_000;

export const serverTitles: Record<ServerName, string> = {
  origin: 'the origin',
  ...edgeTitles,
};

/** `A` of edge A. */
export function letterOf(edge: EdgeName): string {
  return edgeTitles[edge].slice(-1);
}

/** Those that viewers of this page may read from. */
export const breakable = [
  'origin',
  'edge-a',
  'edge-b',
  'edge-c',
] as const satisfies readonly ServerName[];

async function ask<Answer>(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(path, { ...init, signal: AbortSignal.timeout(answerWithinMs) });
  const answer = (await response.json()) as Answer & { message?: string };
  if (!response.ok) throw new Error(answer.message ?? `the demo answered ${response.status}`);
  return answer;
}

export function fetchState(): Promise<DemoState> {
  return ask('/api/state');
}

export function postFault(server: ServerName, fault: FaultName): Promise<DemoState> {
  return ask('/api/fault', { method: 'POST', body: JSON.stringify({ server, fault }) });
}

/** Null ends it. */
export function postOutage(outage: Outage | null): Promise<DemoState> {
  return ask('/api/outage', { method: 'POST', body: JSON.stringify(outage) });
}

export async function fetchToken(room: string, { subject, ...rest }: Person): Promise<string> {
  const query = new URLSearchParams({ room, viewer: subject, ...rest });
  return (await ask<{ token: string }>(`/api/token?${query}`)).token;
}
