/** Every bound of the system in one place, each with its reason. Units are in the names. */
export const limits = {
  // --- signaling wire -------------------------------------------------------------------------
  /** A WebRTC offer with a dozen candidates is about 4 kB; a report about 1 kB. */
  frameBytesMax: 32_768,
  /** An SDP with every codec of a browser is about 8 kB; ours has data channels only. */
  signalBytesMax: 16_384,
  /** Compact JWTs of this project are about 300 bytes. */
  tokenBytesMax: 4_096,
  roomNameLengthMax: 128,
  idLengthMax: 64,
  /** The token is the first thing a client sends, so a socket that has not joined by then is idle or hostile. */
  joinWithinMs: 5_000,
  /** Two missed reports mean a dead socket; mobile radios tolerate one packet in 5 s. */
  heartbeatIntervalMs: 5_000,
  heartbeatsMissedMax: 2,
  /** Above this a dead socket would go unnoticed for minutes. */
  heartbeatIntervalMaxMs: 60_000,
  /** A page reload or a change of network takes a few seconds; after that the place goes to others. */
  resumeWindowMs: 30_000,
  /** A dropped socket keeps its roles this long: shorter than a segment, longer than a reconnect. */
  roleGraceMs: 2_000,
  /** A burst is a join's worth of offers and candidates to a full group. */
  framesPerSecondMax: 50,
  framesBurstMax: 600,
  /** One page with a wall of viewers, or a school behind one address. */
  joinsPerMinutePerAddressMax: 300,
  /** Above this the socket's reader is gone; a frame is at most 32 kB. */
  socketBufferBytesMax: 1_048_576,

  /** Sockets of one process, joined or not: what a viewer's socket costs fits a small machine's memory. */
  connectionsMax: 60_000,
  /** Addresses whose join rate is remembered; the longest unseen is forgotten first. */
  addressesMax: 100_000,
  /** A frame above `frameBytesMax` is read up to here so that it can be answered with a code, not only cut off. */
  payloadBytesMax: 131_072,
  /** A close handshake takes one round trip; a reader that has gone takes for ever. */
  closeWithinMs: 2_000,
  /** A leaked token is worth an hour at most; the sdk asks the app for a new one before every connect. */
  tokenLifetimeMaxMs: 3_600_000,
  /** Clocks of the app's server and ours differ by less than this. */
  clockToleranceMs: 5_000,
  /** As long as somebody watches one event: the key must outlive the server's restart in between. */
  resumeKeyLifetimeMs: 86_400_000,
  /** After a restart the room comes back at this pace: token checks cost about 0.2 ms each. */
  reconnectsPerSecondMax: 500,
  /** Nobody comes back before a restart can be over, nor all at once in a small room. */
  reconnectDelayMinMs: 1_000,
  reconnectSpreadMinMs: 2_000,
  /** A flood of refusals must not fill the disk with log lines; the rest is counted. */
  logLinesPerSecondMax: 50,

  // --- rooms ----------------------------------------------------------------------------------
  roomsMax: 10_000,
  viewersPerRoomMax: 50_000,
  viewersPerDeviceMax: 64,
  /** One user with several devices and tabs; a leaked token must not fill a room. */
  viewersPerSubjectMax: 32,
  /** Playlists that one player uses at a time: video, audio and subtitles, and one more of each while it switches. */
  playlistsPerViewerMax: 6,
  /** Rooms whose stream one process reads itself: at 4 Mbit/s each, 400 Mbit/s. */
  attestedRoomsMax: 100,
  /** Without a word of the stream for this long the attestor counts as blind: half of a usual live buffer. */
  attestorBlindAfterMs: 2_500,
  /** Accuser and accused do not feed others for this long: a lie ends at once, and a false accusation has its price. */
  suspensionMs: 60_000,
  /** Votes count for so long: several suspensions of a liar, and not all the liars that pass by in an evening. */
  accusationMs: 600_000,
  /** A report of broken links or bad parts may come this long after the server moved somebody to another group. */
  formerMembersMs: 30_000,
  /** Removed subjects that one room remembers; the longest removed is forgotten first. */
  removedPerRoomMax: 1_000,
  /** Device ids are chosen by the page: a subject that was removed on so many may not come back on any. */
  removedDevicesPerSubjectMax: 3,
  /** A full directive stays under 4 kB and a relay tree under four hops. */
  groupMembersMax: 30,
  /** One fetcher per so many members: they are linked to all, and every link that a member has to them it lacks to others. */
  membersPerMaster: 10,
  mastersPerGroupMax: 8,
  /** Below this a group has too few sources for a part and is merged with another. */
  groupMembersMin: 5,
  /** A burst of joins costs each member at most ten directives a second. */
  directiveIntervalMs: 100,
  /** Expiries are rounded up to this, so that ten thousand viewers cost ten wake-ups a second. */
  wakeGrainMs: 100,
  /** Weight 1 in fetcher election is an uplink of 1 Mbit/s or less, or one never measured. */
  weightUnitBytesPerSecond: 125_000,
  /** Above 64 Mbit/s the downlink of the fed is what bounds. */
  weightMax: 64,
  edgesPerRoomMax: 8,

  // --- attestor -------------------------------------------------------------------------------
  /** Renditions and audio languages of one stream; others are not attested. */
  attestedPlaylistsMax: 32,
  /** Read until the first viewer reports what it plays: a few seconds of a few renditions. */
  attestedPlaylistsGuessed: 4,
  /** Segments of one room read at once: as many as renditions that are commonly watched. */
  attestorReadsMax: 4,
  /** A playlist that nobody plays any more, or an empty room, is soon wanted again when somebody reloads. */
  attestorLingerMs: 15_000,
  /** Longer than a cold edge needs to ask its origin. */
  attestorFirstByteMs: 4_000,
  attestorStallMs: 4_000,
  /** Slower than this a segment is of no use to anybody live. */
  attestorReadWithinMs: 20_000,
  /** The stream is retried at this pace while it fails, doubling up to the second. */
  attestorRetryMinMs: 1_000,
  attestorRetryMaxMs: 5_000,
  /** Descriptors that become known within this go out in one frame. */
  attestorBatchMs: 20,
  streamUrlLengthMax: 2_048,

  // --- peer wire ------------------------------------------------------------------------------
  /** Largest message every browser's SCTP accepts is 256 kB; a live playlist is a few kB. */
  peerControlBytesMax: 131_072,
  playlistBytesMax: 120_000,
  partBytes: 65_536,
  /** 16 kB is the largest message that no browser fragments badly, and lets control through between two. */
  chunkBytes: 16_384,
  /** 64 MiB: ten seconds at 50 Mbit/s. */
  partsPerSegmentMax: 1_024,
  segmentIdLengthMax: 512,
  /** 28 MiB: what fits a frame. Longer segments are not attested and come from the edge. */
  partsPerDescriptorMax: 448,
  descriptorBytesMax: 24_000,
  descriptorsPerFrameMax: 16,
  /** Descriptors that a viewer remembers: ten minutes of one playlist. */
  descriptorsKept: 300,
  /** What a newcomer needs: the live window, for each playlist that somebody plays. */
  descriptorsKeptPerPlaylist: 12,
  /** A peer that sends more than this many control messages a second is broken or hostile. */
  peerMessagesPerSecondMax: 400,
  /** Segments that one peer speaks of and this viewer has nothing of: a live window and some more. */
  segmentsAnnouncedMax: 64,

  // --- swarm ----------------------------------------------------------------------------------
  /** Full mesh up to here; each link costs memory and a keep-alive. */
  neighboursMax: 10,
  /** A neighbour that did not connect by then is behind a NAT that will not open. */
  peerConnectWithinMs: 10_000,
  requestsPerPeerMax: 16,
  requestsQueuedPerPeerMax: 64,
  /** Memory for media on one page: two minutes at 4 Mbit/s. */
  memoryBytesMax: 64 * 1_048_576,
  /** Default depth behind memory, in IndexedDB. */
  storageBytesMax: 256 * 1_048_576,
  /** Bytes waiting in one data channel: about 50 ms at 10 Mbit/s, so that a cancelled part costs little. */
  peerBufferedBytesMax: 65_536,
  /** What is left when a part counts as sent and more is handed over: enough that the link never runs dry. */
  peerBufferedBytesLow: 16_384,
  /** Silence within an answer: three times what a bad mobile link pauses. */
  edgeStallMs: 4_000,
  /** Reads ahead of the player or for others at once: browsers open six connections to one host. */
  edgeFetchesMax: 6,
  /** At most one probe a second of an edge that fails. */
  edgeProbeIntervalMs: 1_000,
} as const;

/** The bounds by name; tests and simulations override some of them. */
export type Limits = { readonly [Name in keyof typeof limits]: number };
