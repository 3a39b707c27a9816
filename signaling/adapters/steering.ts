import { parseSteering, type SteeringView, type SurveyRequest, steer } from '../core/index.ts';
import type { Limits } from '../protocol/index.ts';

export type SteeringErrorCode = 'room_missing' | 'room_invalid';

export interface SteeringOptions {
  survey: (request: SurveyRequest) => SteeringView;
  limits: Limits;
  random: () => number;
  refused: (code: SteeringErrorCode) => void;
}

interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** Never throws. The network is named by the directory's names for them. */
export type Steering = (method: string | undefined, url: URL, network: string) => Answer;

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
export function createSteering({ survey, limits, random, refused }: SteeringOptions): Steering {
  const refuse = (status: number, code: SteeringErrorCode, message: string): Answer => {
    refused(code);
    return {
      status,
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ code, message }),
    };
  };
  return (method, url, network) => {
    if (method === 'OPTIONS') return { status: 204, headers, body: '' };
    if (method !== 'GET' && method !== 'HEAD')
      return { status: 405, headers: { ...headers, allow: 'GET, HEAD, OPTIONS' }, body: '' };
    const freshSeed = Math.floor(random() * 36 ** 10).toString(36);
    const request = parseSteering(url.searchParams, freshSeed);
    if ('code' in request) return refuse(400, request.code, request.message);
    const { room, turn } = request;
    const told = survey({ room, network, isNew: turn === 0 });
    return {
      status: 200,
      headers: { ...headers, 'content-type': 'application/vnd.apple.steering-list' },
      body: JSON.stringify(steer(request, told, limits)),
    };
  };
}
