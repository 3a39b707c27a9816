import { createHmac, randomBytes } from 'node:crypto';
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import {
  isDisplayName,
  isSenderRole,
  isSubject,
  type Limits,
  type SenderRole,
  type ServerErrorCode,
  senderRoles,
} from '../protocol/index.ts';
import { isEdgeId } from '../protocol/registration.ts';
import { SignalingError } from './errors.ts';
import { isStreamUrls, type StreamUrls } from './stream-url.ts';
import { readKey, secretBytesMin } from './token-key.ts';

export interface TokenRequest {
  room: string;
  /** The viewer or user that the token is for; at most 128 characters. */
  subject: string;
  /** At most one hour. */
  lifetimeSeconds: number;
  /** URLs of the room's multivariant playlist, for the attestor. All tokens of a room should name the same. */
  stream?: StreamUrls | undefined;
  /** The site (`deviceId`) whose master this viewer is as long as it is there: of an agent. */
  leads?: string | undefined;
  /** What the viewer may do with messages of the room. Default `viewer`. */
  role?: SenderRole | undefined;
  /** By which others know its messages: 1 to 64 characters on one line. Default none. */
  name?: string | undefined;
}

/** For a server that gives segments: registers that edge, and nothing else. */
export interface EdgeTokenRequest {
  /** Its id. */
  edge: string;
  /** At most a week. */
  lifetimeSeconds: number;
}

export type Verified<T, Code = ServerErrorCode> =
  | { ok: true; value: T }
  | { ok: false; code: Code; message: string };

export type EdgeTokenCode = 'token_invalid' | 'token_expired' | 'token_edge_mismatch';

/** What a valid token says. */
export interface TokenClaims {
  subject: string;
  stream: StreamUrls | null;
  leads: string | null;
  role: SenderRole;
  name: string | null;
}

export interface ResumeClaims {
  room: string;
  subject: string;
  viewerId: string;
}

/** Room tokens of the app, and resume keys of our own. */
export interface Tokens {
  /** No key was configured: this one dies with the process. */
  readonly generated: boolean;
  readonly algorithm: 'HS256' | 'EdDSA';
  /** @throws SignalingError `key_cannot_sign`, `config_invalid` */
  issueToken(request: TokenRequest | EdgeTokenRequest): Promise<string>;
  /** Whether a token is that of an edge: the id that it names, and the code where it does not hold. */
  verifyEdgeToken(token: string, edgeId: string): Promise<Verified<string, EdgeTokenCode>>;
  verifyToken(token: string, room: string): Promise<Verified<TokenClaims>>;
  issueResumeKey(claims: ResumeClaims): Promise<string>;
  /** The viewer id of a valid key of this room and subject, else null. */
  readResumeKey(resumeKey: string, room: string, subject: string): Promise<string | null>;
}

export interface TokenOptions {
  /** HS256 secret of at least 32 bytes, or an Ed25519 public key as JWK or PEM. Default: a fresh secret. */
  key?: string | undefined;
  /** Signs resume keys. Default derives from an HS256 secret; with a public key it is fresh at each start. */
  resumeSecret?: string | undefined;
  limits: Limits;
}

const tokenAudience = 'holdfast';
const resumeAudience = 'holdfast:resume';

/** @throws SignalingError `key_invalid` */
export function createTokens({ key, resumeSecret, limits }: TokenOptions): Tokens {
  const generated = key === undefined;
  const pinned = readKey(key ?? randomBytes(secretBytesMin).toString('base64url'));
  if (resumeSecret !== undefined && Buffer.byteLength(resumeSecret) < secretBytesMin) {
    throw new SignalingError(
      'key_invalid',
      `the resume secret needs ${secretBytesMin} bytes or more`,
    );
  }
  const resumeKeySecret = deriveSecret(
    resumeSecret ?? pinned.secret ?? randomBytes(secretBytesMin),
  );
  const clockTolerance = limits.clockToleranceMs / 1_000;

  return {
    generated,
    algorithm: pinned.algorithm,
    async issueToken(request) {
      if (!pinned.secret) {
        throw new SignalingError('key_cannot_sign', 'a public key cannot issue tokens');
      }
      const claims = 'edge' in request ? edgeClaims(request, limits) : roomClaims(request, limits);
      return sign(claims, tokenAudience, request.lifetimeSeconds, pinned.secret);
    },
    async verifyEdgeToken(token, edgeId) {
      try {
        const { payload } = await jwtVerify(token, pinned.key, {
          algorithms: pinned.algorithms,
          clockTolerance,
          requiredClaims: ['exp', 'edge'],
        });
        return checkEdgeClaims(payload, edgeId, limits);
      } catch (error) {
        if (error instanceof errors.JWTExpired)
          return refused('token_expired', 'the token has expired');
        return refused('token_invalid', 'the token does not hold');
      }
    },
    async verifyToken(token, room) {
      try {
        const { payload } = await jwtVerify(token, pinned.key, {
          algorithms: pinned.algorithms,
          clockTolerance,
          requiredClaims: ['exp', 'sub', 'room'],
        });
        return checkClaims(payload, room, limits);
      } catch (error) {
        if (error instanceof errors.JWTExpired)
          return refused('token_expired', 'the token has expired');
        // jose's reasons are for its caller; a stranger learns only that the token does not hold.
        return refused('token_invalid', 'the token does not hold');
      }
    },
    issueResumeKey: ({ room, subject, viewerId }) =>
      sign(
        { room, sub: subject, viewerId },
        resumeAudience,
        limits.resumeKeyLifetimeMs / 1_000,
        resumeKeySecret,
      ),
    async readResumeKey(resumeKey, room, subject) {
      try {
        const { payload } = await jwtVerify(resumeKey, resumeKeySecret, {
          algorithms: ['HS256'],
          audience: resumeAudience,
          subject,
          requiredClaims: ['exp', 'room', 'viewerId'],
        });
        return payload.room === room && typeof payload.viewerId === 'string'
          ? payload.viewerId
          : null;
      } catch {
        return null;
      }
    },
  };
}

function roomClaims(request: TokenRequest, limits: Limits): JWTPayload {
  const { room, subject, lifetimeSeconds, stream, leads, role, name } = request;
  checkLifetime(lifetimeSeconds, limits.tokenLifetimeMaxMs, 'an hour');
  if (!isSubject(subject))
    throw new SignalingError('config_invalid', 'subject: 1 to 128 characters');
  if (stream !== undefined && !isStreamUrls(stream))
    throw new SignalingError('config_invalid', 'stream: an http or https URL');
  if (leads !== undefined && typeof leads !== 'string')
    throw new SignalingError('config_invalid', 'leads: the name of a site');
  if (role !== undefined && !isSenderRole(role))
    throw new SignalingError('config_invalid', `role: one of ${senderRoles.join(', ')}`);
  if (name !== undefined && !isDisplayName(name))
    throw new SignalingError('config_invalid', 'name: 1 to 64 characters on one line');
  return { room, sub: subject, stream, leads, role, name };
}

function edgeClaims({ edge, lifetimeSeconds }: EdgeTokenRequest, limits: Limits): JWTPayload {
  checkLifetime(lifetimeSeconds, limits.edgeTokenLifetimeMaxMs, 'a week');
  if (!isEdgeId(edge)) throw new SignalingError('config_invalid', 'edge: the id of an edge');
  return { edge };
}

function checkLifetime(lifetimeSeconds: number, lifetimeMaxMs: number, max: string): void {
  if (lifetimeSeconds > 0 && lifetimeSeconds * 1_000 <= lifetimeMaxMs) return;
  throw new SignalingError('config_invalid', `lifetimeSeconds: more than 0 and at most ${max}`);
}

function checkEdgeClaims(
  { exp = 0, aud, edge }: JWTPayload,
  edgeId: string,
  limits: Limits,
): Verified<string, EdgeTokenCode> {
  if (aud !== undefined && ![aud].flat().includes(tokenAudience))
    return refused('token_invalid', 'the token is for another audience');
  if (exp * 1_000 - Date.now() > limits.edgeTokenLifetimeMaxMs + limits.clockToleranceMs)
    return refused('token_invalid', 'the token lives too long');
  if (edge !== edgeId) return refused('token_edge_mismatch', 'the token is for another edge');
  return { ok: true, value: edgeId };
}

function checkClaims(payload: JWTPayload, room: string, limits: Limits): Verified<TokenClaims> {
  const { sub, exp = 0, aud, stream = null, leads = null } = payload;
  const { role = 'viewer', name = null } = payload;
  if (!isSubject(sub)) {
    return refused('token_invalid', 'the subject is empty or too long');
  }
  if (aud !== undefined && ![aud].flat().includes(tokenAudience)) {
    return refused('token_invalid', 'the token is for another audience');
  }
  const lifetimeMs = exp * 1_000 - Date.now();
  if (lifetimeMs > limits.tokenLifetimeMaxMs + limits.clockToleranceMs) {
    return refused('token_invalid', 'the token lives too long');
  }
  if (payload.room !== room) return refused('token_room_mismatch', 'the token is for another room');
  if (stream !== null && !isStreamUrls(stream))
    return refused('token_invalid', 'the stream is not an http or https URL');
  if (leads !== null && typeof leads !== 'string')
    return refused('token_invalid', 'what the token leads is no name of a site');
  if (!isSenderRole(role)) return refused('token_invalid', 'the role is none that there is');
  if (name !== null && !isDisplayName(name))
    return refused('token_invalid', 'the name is empty, too long or has control characters');
  return { ok: true, value: { subject: sub, stream, leads, role, name } };
}

function refused<Code extends string>(
  code: Code,
  message: string,
): { ok: false; code: Code; message: string } {
  return { ok: false, code, message };
}

function sign(
  claims: JWTPayload,
  audience: string,
  lifetimeSeconds: number,
  secret: Uint8Array,
): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuedAt(now)
    .setExpirationTime(now + Math.max(1, Math.floor(lifetimeSeconds)))
    .setAudience(audience)
    .sign(secret);
}

/** Resume keys have a secret of their own, so that neither kind of token passes for the other. */
function deriveSecret(secret: string | Uint8Array): Uint8Array {
  return createHmac('sha256', secret).update(resumeAudience).digest();
}
