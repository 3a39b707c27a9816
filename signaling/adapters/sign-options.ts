import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { limits } from '../protocol/index.ts';
import { SignalingError } from './errors.ts';
import { findPlaylist } from './sign-files.ts';
import { isStreamUrls } from './stream-url.ts';

export interface PublishOptions {
  command: 'sign';
  /** The playlist, as `file:`, `http:` or `https:` URL. */
  streamUrl: string;
  room: string;
  /** Private ECDSA P-256 key as JWK. */
  key: string;
  /** Where the descriptors are written. */
  out: string;
}

export type SignCommand =
  | PublishOptions
  | { command: 'help' }
  | { command: 'new-key'; file: string };

export const signHelp = `holdfast-sign DIR|URL --room NAME [--key FILE] [--out FILE]
holdfast-sign --new-key FILE

Signs the digests of every segment of an HLS stream, so that viewers of a Holdfast room
need not believe one another. Writes one signed descriptor a line to holdfast.jsonl, which
belongs beside the playlist. A live stream is followed until a signal comes, a recording
ends by itself.

  DIR|URL          folder or file of the multivariant playlist (or the only media playlist),
                   or its http(s) URL
  --room NAME      the room that the descriptors are for
  --key FILE       private ECDSA P-256 key as JWK; default is the variable HOLDFAST_PUBLISHER_KEY
  --out FILE       default is holdfast.jsonl beside the playlist, for a URL in this folder
  --new-key FILE   makes a key, and prints its public half
  --help

The public key is printed on the standard output, progress on the standard error. Errors are
"code: message" with exit code 1.
`;

/** @throws SignalingError `config_invalid`, `signing_key_invalid`, `playlist_missing` */
export function readSignOptions(
  args: readonly string[],
  environment: Record<string, string | undefined>,
): SignCommand {
  const { values, positionals } = parse(args);
  if (values.help) return { command: 'help' };
  if (values['new-key'] !== undefined) return { command: 'new-key', file: values['new-key'] };
  const [source, ...others] = positionals;
  if (source === undefined || others.length > 0)
    throw new SignalingError('config_invalid', 'name one folder or URL; see --help');
  const room = values.room ?? '';
  if (room === '' || room.length > limits.roomNameLengthMax)
    throw new SignalingError(
      'config_invalid',
      '--room: the name of the room, at most 128 characters',
    );
  const isUrl = /^https?:/.test(source);
  if (isUrl && !isStreamUrls(source))
    throw new SignalingError('config_invalid', 'the URL must be http or https without credentials');
  const found = isUrl ? { url: source, folder: '.' } : findPlaylist(source);
  return {
    command: 'sign',
    streamUrl: found.url,
    room,
    key: readKey(values.key, environment.HOLDFAST_PUBLISHER_KEY),
    out: values.out ?? resolve(found.folder, 'holdfast.jsonl'),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        room: { type: 'string' },
        key: { type: 'string' },
        out: { type: 'string' },
        'new-key': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new SignalingError('config_invalid', (error as Error).message);
  }
}

function readKey(file: string | undefined, variable: string | undefined): string {
  if (file === undefined) {
    if (variable) return variable;
    throw new SignalingError(
      'signing_key_invalid',
      'name a key with --key or HOLDFAST_PUBLISHER_KEY; --new-key FILE makes one',
    );
  }
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new SignalingError('signing_key_invalid', `cannot read ${file}`, { cause });
  }
}
