/**
 * What the sdk's packages carry and a page of ours never uses, left out when they are bundled. Sizes are minified and
 * gzipped, each with the others in place. In the development server and the browser tests, too: what is tested ships.
 */
import { join } from 'node:path';
import { type Plugin, parseSync } from 'vite';
import { rootFolder } from './root.ts';

const shims = join(rootFolder, 'sdk/shims');

/** Part of a package's code, and what stands there instead. It has to be there. */
type Cut = [part: RegExp, instead?: string];

/**
 * What simple-peer imports and a browser does not need. Most of them are not ESM: without them pages load simple-peer
 * unbundled, too.
 */
const simplePeerShims: Record<string, string> = {
  streamx: join(shims, 'simple-peer/stream.ts'), // 10.1 kB
  debug: join(shims, 'simple-peer/debug.ts'), // 2.5 kB
  'uint8-util': join(shims, 'simple-peer/bytes.ts'), // needs `Uint8Array.prototype.toHex`, new in 2025
  'err-code': join(shims, 'simple-peer/error-code.ts'), // 0.5 kB
};

/**
 * Methods whose work the stand-in for `streamx` does, or nobody wants: 1.0 kB. They write to a queue that is not there,
 * tell `debug`, and ask for statistics until both addresses are known. Channels are read and written past them.
 */
const simplePeerMethodsLeftOut = new Set([
  ...['_write', '_final', '_onFinish', '_onInterval'],
  ...['_maybeReady', 'getStats', 'address', '_debug'],
  ...['_addIceCandidate', 'send', 'bufferSize', 'connected'],
  ...['_onChannelMessage', '_onChannelBufferedAmountLow', '_startIceCompleteTimeout'],
  ...['_onChannelOpen', '_onSignalingStateChange', '_needsNegotiation', 'negotiate'],
]);

/** Only what `peer-link.ts` asks for stays: one channel, candidates one by one, no media, no second negotiation. */
const simplePeerCuts: Cut[] = [
  // A statement of its own, its arguments without calls in calls.
  [/^ *this\._debug\((?:[^()]|\([^()]*\))*\)$/gm],
  // Nobody reads why simple-peer gives up a link.
  [/new Error\((?:'[^']*'|`[^`]*`)\)/g, 'new Error()'],
  [/, 'ERR_[A-Z_]+'\)/g, ')'],
  // What asks for media tracks, which `lite.js` has not, and what the other side may not ask for.
  [/^ {4}if \(data\.(?:transceiverRequest|renegotiate) && this\.initiator\) \{[^}]*\}$/gm],
  [/ && !data\.renegotiate && !data\.transceiverRequest/],
  // An offer once, by one side.
  [
    /^ {4}this\._needsNegotiation\(\)$/m,
    'if (this.initiator) unrefTimeout(() => this._createOffer(), 0)',
  ],
  [/^ *this\.(?:_\w+Negotiation|_isNegotiating) = .*$/gm],
  [/^ *this\._pc\.onsignalingstatechange = (?:null|\(\) => \{[^}]*\})$/gm],
  [/^ *if \(!this\.initiator\) this\._requestMissingTransceivers\?\.\(\)$/m],
  // Signals come as objects.
  [/^ {4}if \(typeof data === 'string'\) \{.*?^ {4}\}$/ms],
  // Candidates go out as they come, and descriptions as they are.
  [/^.*this\.(?:trickle && !|sdpTransform\().*$/gm],
  [/if \(this\.trickle \|\| this\._iceComplete\) (\w+\(\))\n.*$/gm, '$1'],
  [/event\.candidate && this\.trickle/, 'event.candidate'],
  [/ else if \(!event\.candidate && !this\._iceComplete\) \{[^}]*\}/],
  [/^ {4}if \(event\.candidate\) \{\n *this\._startIceCompleteTimeout\(\)\n *\}$/m],
  [/this\.(?:offer|answer)Options\)/g, ')'],
  // Given for every link.
  [/ \|\| arr2hex\(randomBytes\(20\)\)/],
  [/ \|\| Peer\.channelConfig/],
  [/Object\.assign\(\{\}, Peer\.config, opts\.config\)/, 'opts.config'],
  [/^Peer\.config = \{.*?^\}$/ms],
  [/^Peer\.(?:channelConfig|WEBRTC_SUPPORT) = .*$/gm],
  [/^ {4}if \(!RTCPeerConnection\) \{.*?^ {4}\}$/ms],
  // Of the stream.
  [/^ {4}opts = Object\.assign\(\{.*?^ {4}\}, opts\)$/ms],
  [/^ {4}this\._onFinishBound = .*?_onFinishBound\)$/ms],
  [/^ *(?:if \(this\._onFinishBound\)|this\._onFinishBound =).*$/gm],
  [/^ *clearInterval\(this\._interval\)$/m],
  // Events and fields that nobody asks for.
  [/^.*this\.emit\('(?:disconnect|iceStateChange)'.*$/gm],
  [/^ *this\.(?:_connected|_pcReady|_channelReady) = .*$/gm],
  [/^ {4}this\._channel\.on(?:message|bufferedamountlow|open) = .*?^ {4}\}$/gms],
  [/^ {4}if \(typeof this\._channel\.bufferedAmountLowThreshold .*?^ {4}\}$/ms],
  [/^ {4}if \(iceConnectionState === 'connected' .*?^ {4}\}$/ms],
  [/^ {4}this\.channelName = this\._channel\.label$/m],
  [/^ *const iceGatheringState = .*$/m],
  [/^ *this\._pc\.onicegatheringstatechange = (?:null|\(\) => \{[^}]*\})$/gm],
  [/^ *this\._pc\.ontrack = null$/m],
  [/^ *this\.(?:remote|local)(?:Address|Family|Port) = .*$/gm],
  [/^ *this\.(?:__objectMode|_id|(?:offer|answer)Options|trickle|allowHalfTrickle) = .*$/gm],
  [/^ *this\.(?:iceCompleteTimeout|_ice\w+Timer|_isReactNativeWebrtc|_senderMap) = .*$/gm],
  [/^ *this\.(?:_chunk|_cb|_interval|_remoteTracks|_remoteStreams) = .*$/gm],
  [/^ *this\.(?:_iceComplete|_sendersAwaitingStable|sdpTransform) = .*$/gm],
];

/** Only imports made by simple-peer itself are replaced: other packages get the real thing. */
function slimSimplePeer(): Plugin {
  return {
    name: 'holdfast:slim-simple-peer',
    enforce: 'pre',
    resolveId(id, importer) {
      const fromSimplePeer = importer?.includes('/node_modules/simple-peer/');
      return fromSimplePeer ? (simplePeerShims[id] ?? null) : null;
    },
    transform(code, id) {
      if (!id.includes('/node_modules/simple-peer/')) return null;
      return { code: without(simplePeerCuts, withoutMethods(code)), map: null };
    },
  };
}

/** @throws Error when a method is not there: another version of simple-peer wants a look at the list. */
function withoutMethods(code: string): string {
  const { body } = parseSync('lite.js', code).program;
  const members = body.flatMap((node) => (node.type === 'ClassDeclaration' ? node.body.body : []));
  const found = members.filter(
    (member) =>
      member.type === 'MethodDefinition' &&
      member.key.type === 'Identifier' &&
      simplePeerMethodsLeftOut.has(member.key.name),
  );
  if (found.length !== simplePeerMethodsLeftOut.size) throw new Error('simple-peer has changed');
  return found.reduceRight((rest, { start, end }) => rest.slice(0, start) + rest.slice(end), code);
}

/** Our own schemas are read by a stand-in: 1.5 kB. Servers, and tests in Node, have the real thing. */
function slimValibot(): Plugin {
  return {
    name: 'holdfast:slim-valibot',
    enforce: 'pre',
    resolveId: (id) => (id === 'valibot' ? join(shims, 'valibot/valibot.ts') : null),
  };
}

/** Cursors, as values are read by key, and what writes to a database's own properties. */
const idbCuts: Cut[] = [
  [/^ {4}(?:set|has)\(target, .*?^ {4}\},$/gms],
  [/^ {4}has: \(target, .*$/m],
  [/^const advanceMethodProps = .*?(?=^export )/ms],
  [/^ {4}if \(getCursorAdvanceMethods\(\)\.includes\(func\)\) \{.*?^ {4}\}$/ms],
];

/** Calls of functions stay. The worker ends with the page's object for it, so none is ever released. */
const comlinkCuts: Cut[] = [
  [/^ {16}const r = requestResponseMessage.*?r\.then\.bind\(r\);$/ms],
  [/^ {16}case "(?:GET|SET|CONSTRUCT|ENDPOINT|RELEASE)" .*?break;$/gms],
  [/^ {8}(?:set|construct)\(_target, .*?^ {8}\},$/gms],
  [/^ {12}if \(prop === releaseProxy\) \{.*?^ {12}\}$/ms],
  [/^ {12}(?:if \(last === createEndpoint\)|if \(last === "bind"\)) \{.*?^ {12}\}$/gms],
  [/^ {12}if \(type === "RELEASE" .*?^ {12}\}$/ms],
  [/^ *throwIfProxyReleased\(isProxyReleased\);$/gm],
  [/^ *registerProxy\(proxy, ep\);$/m],
  [/^const proxyFinalizers = .*?^ {4}\}\);$/ms, 'const proxyFinalizers = null;'],
  [/^ {4}\["proxy", proxyTransferHandler\],$/m],
  [/^ {8}if \(!isAllowedOrigin\(.*?^ {8}\}$/ms],
];

function cutting(file: string, cuts: Cut[]): Plugin {
  return {
    name: `holdfast:slim ${file}`,
    enforce: 'pre',
    transform(code, id) {
      return id.endsWith(`/node_modules/${file}`) ? { code: without(cuts, code), map: null } : null;
    },
  };
}

/** @throws Error when a part is not there: another version of the package wants a look at the list. */
function without(cuts: Cut[], code: string): string {
  const lines = code.replaceAll('\r\n', '\n');
  return cuts.reduce((rest, [part, instead = '']) => {
    const left = rest.replace(part, instead);
    if (left === rest) throw new Error(`the package has changed: no ${part}`);
    return left;
  }, lines);
}

export function slimPackages(): Plugin[] {
  return [
    slimSimplePeer(),
    slimValibot(),
    cutting('idb/build/index.js', idbCuts),
    cutting('comlink/dist/esm/comlink.mjs', comlinkCuts),
  ];
}
