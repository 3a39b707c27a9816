import { parseSteering, type SteeringView, steer } from '../core/index.ts';
import type { Limits } from '../protocol/index.ts';

export type SteeringErrorCode = 'room_missing' | 'room_invalid';

export interface SteeringOptions {
  /** What the directory tells viewers with this address; the seed stands for the device. */
  view: (room: string, address: string, seed: string) => SteeringView;
  limits: Limits;
  random: () => number;
  refused: (code: SteeringErrorCode) => void;
}

interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** Players of any page ask, without credentials. */
const headers = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, HEAD, OPTIONS',
  'access-control-allow-headers': '*',
  'access-control-max-age': '86400',
  'cache-control': 'no-store',
};

/**
 * `GET /steering`: a content-steering manifest. Errors are JSON with a code. Neither 410 nor 429 is among them: both end
 * steering in hls.js for good.
 */
export function createSteering({ view, limits, random, refused }: SteeringOptions) {
  const refuse = (status: number, code: SteeringErrorCode, message: string): Answer => {
    refused(code);
    return {
      status,
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ code, message }),
    };
  };
  return (method: string | undefined, url: URL, address: string): Answer => {
    if (method === 'OPTIONS') return { status: 204, headers, body: '' };
    if (method !== 'GET' && method !== 'HEAD')
      return { status: 405, headers: { ...headers, allow: 'GET, HEAD, OPTIONS' }, body: '' };
    const freshSeed = Math.floor(random() * 36 ** 10).toString(36);
    const request = parseSteering(url.searchParams, freshSeed);
    if ('code' in request) return refuse(400, request.code, request.message);
    const told = view(request.room, address, request.seed);
    return {
      status: 200,
      headers: { ...headers, 'content-type': 'application/vnd.apple.steering-list' },
      body: JSON.stringify(steer(request, told, limits)),
    };
  };
}
