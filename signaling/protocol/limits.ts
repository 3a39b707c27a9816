/**
 * Every bound of the system in one place, each with its reason. Units are in the names.
 * To be imported whole (`import * as limits`): a bundle then carries only those that it uses, as plain numbers.
 */

// --- signaling wire -------------------------------------------------------------------------
/** A WebRTC offer with a dozen candidates is about 4 kB; a report about 1 kB. */
export const frameBytesMax = 32_768;
/** An SDP with every codec of a browser is about 8 kB; ours has data channels only. */
export const signalBytesMax = 16_384;
/** Compact JWTs of this project are about 300 bytes. */
export const tokenBytesMax = 4_096;
export const roomNameLengthMax = 128;
export const idLengthMax = 64;
/** The token is the first thing a client sends, so a socket that has not joined by then is idle or hostile. */
export const joinWithinMs = 5_000;
/** Two missed reports mean a dead socket; mobile radios tolerate one packet in 5 s. */
export const heartbeatIntervalMs = 5_000;
export const heartbeatsMissedMax = 2;
/** Above this a dead socket would go unnoticed for minutes. */
export const heartbeatIntervalMaxMs = 60_000;
/** A page reload or a change of network takes a few seconds; after that the place goes to others. */
export const resumeWindowMs = 30_000;
/** A dropped socket keeps its roles this long: shorter than a segment, longer than a reconnect. */
export const roleGraceMs = 2_000;
/** A burst is a join's worth of offers and candidates to a full group. */
export const framesPerSecondMax = 50;
export const framesBurstMax = 600;
/** One page with a wall of viewers, or a school behind one address. */
export const joinsPerMinutePerAddressMax = 300;
/** Above this the socket's reader is gone; a frame is at most 32 kB. */
export const socketBufferBytesMax = 1_048_576;

/** Sockets of one process, joined or not: what a viewer's socket costs fits a small machine's memory. */
export const connectionsMax = 60_000;
/** Addresses whose join rate is remembered; the longest unseen is forgotten first. */
export const addressesMax = 100_000;
/** A frame above `frameBytesMax` is read up to here so that it can be answered with a code, not only cut off. */
export const payloadBytesMax = 131_072;
/** A close handshake takes one round trip; a reader that has gone takes for ever. */
export const closeWithinMs = 2_000;
/** A leaked token is worth an hour at most; the sdk asks the app for a new one before every connect. */
export const tokenLifetimeMaxMs = 3_600_000;
/** Clocks of the app's server and ours differ by less than this. */
export const clockToleranceMs = 5_000;
/** As long as somebody watches one event: the key must outlive the server's restart in between. */
export const resumeKeyLifetimeMs = 86_400_000;
/** After a restart the room comes back at this pace: token checks cost about 0.2 ms each. */
export const reconnectsPerSecondMax = 500;
/** Nobody comes back before a restart can be over, nor all at once in a small room. */
export const reconnectDelayMinMs = 1_000;
export const reconnectSpreadMinMs = 2_000;
/** A flood of refusals must not fill the disk with log lines; the rest is counted. */
export const logLinesPerSecondMax = 50;

// --- rooms ----------------------------------------------------------------------------------
export const roomsMax = 10_000;
export const viewersPerRoomMax = 50_000;
/** A family's tabs, or the screens of one site: a directive names them all. */
export const viewersPerDeviceMax = 64;
/** What a viewer that is fed says of its edge counts for two heartbeats after the edge has answered it. */
export const edgeProvenMs = 10_000;
/** One viewer has so much time between two masters of its device that it misses: a hostile one cannot keep it leaderless. */
export const missIntervalMs = 1_000;
/** Viewers of a device that stand by for its master and keep what it gives them: each costs the memory of one page. */
export const deviceSecondariesMax = 1;
/** One user with several devices and tabs; a leaked token must not fill a room. */
export const viewersPerSubjectMax = 32;
/** Playlists that one player uses at a time: video, audio and subtitles, and one more of each while it switches. */
export const playlistsPerViewerMax = 6;
/** Rooms whose stream one process reads itself: at 4 Mbit/s each, 400 Mbit/s. */
export const attestedRoomsMax = 100;
/** Without a word of the stream for this long the attestor counts as blind: half of a usual live buffer. */
export const attestorBlindAfterMs = 2_500;
/** Whoever has another held does not feed others for this long either: a false accusation has its price. */
export const suspensionMs = 60_000;
/** Votes to remove a member count for so long: not those of all the liars that pass by in an evening. */
export const accusationMs = 600_000;
/** A report of broken links or bad parts may come this long after the server moved somebody to another group. */
export const formerMembersMs = 30_000;
/** Removed subjects that one room remembers; the longest removed is forgotten first. */
export const removedPerRoomMax = 1_000;
/** Device ids are chosen by the page: a subject that was removed on so many may not come back on any. */
export const removedDevicesPerSubjectMax = 3;
/** A full directive stays under 4 kB and a relay tree under four hops. */
export const groupMembersMax = 30;
/** One fetcher per so many members: they are linked to all, and every link that a member has to them it lacks to others. */
export const membersPerMaster = 10;
export const mastersPerGroupMax = 8;
/** Links by which one group feeds another: one may break, and each brings all that is needed. */
export const bridgesPerGroupMax = 2;
/** Receivers of other groups that one member feeds: with its own group about three times the bitrate. */
export const bridgesPerViewerMax = 2;
/** A group whose edge is back is fed for so long yet: it may be gone again at once. */
export const bridgeHoldMs = 3_000;
/** Where most get nothing for so long, nobody feeds them: three segments, and as much as a usual buffer ahead. */
export const starvedAfterMs = 6_000;
/** In an outage a viewer tells no oftener what it holds: the server's map is then right within a second. */
export const holdingsIntervalMs = 750;
/** Segments that one viewer tells of: two minutes of a usual stream, or one of picture and sound. */
export const holdingsMax = 64;
/** Ids in one frame, which then fits `frameBytesMax` however long they are; half of what one holds is kept at most. */
export const holdingsPerFrameMax = 24;
/** Segments of a group that are planned, from the slowest playhead on. */
export const segmentsPlannedMax = 128;
/** A group plans anew four times a second at most: every member's word of what it holds would do it else. */
export const portionIntervalMs = 250;
/** By then a member has got what it is to keep, or another is told to. */
export const portionWithinMs = 6_000;
/** Members that one is linked to only because of what it keeps: each link costs memory and a keep-alive. */
export const portionLinksMax = 4;
/** Below this a group has too few sources for a part and is merged with another. */
export const groupMembersMin = 5;
/** A burst of joins costs each member at most ten directives a second. */
export const directiveIntervalMs = 100;
/** Expiries are rounded up to this, so that ten thousand viewers cost ten wake-ups a second. */
export const wakeGrainMs = 100;
/** Weight 1 is an uplink of 250 kbit/s or less: the least that is of use to others. */
export const weightUnitBytesPerSecond = 31_250;
/** Of an uplink that was never measured: 2 Mbit/s. */
export const weightUnknown = 8;
/** Above 64 Mbit/s the downlink of the fed is what bounds. */
export const weightMax = 256;
/** Edges that a viewer is told of: more would be no help to choose from, and each is measured. */
export const edgesPerRoomMax = 8;
/** Edges that were not offered, with their reasons: enough to see why. */
export const edgeExclusionsMax = 16;
/** Eight listings with all their KPIs are about 5 kB. */
export const edgesBytesMax = 24_000;
/** Sooner nothing new is known; later a spare that took over would be unknown to whoever missed it. */
export const edgesValidMsMin = 5_000;
export const edgesValidMsMax = 3_600_000;
/** A weight may change a predicted time by a factor of 20 at most: one learned wrong must not silence an edge. */
export const edgeWeightMax = 3;
/** Above the 1024 TB and Tbit/s that standards can write, and 30,000 years: what is more is a mistake. */
export const kpiValueMax = 2e15;

// --- messages of a room ---------------------------------------------------------------------
/** Of the app's own ids of its users. */
export const subjectLengthMax = 128;
/** Who is named in one message; more is a way to make noise. */
export const mentionsMax = 16;
/** A first and a last name; more would push the text out of its line. */
export const displayNameLengthMax = 64;
/** UTF-16 units: a page of text. Longer is a link. */
export const messageTextLengthMax = 2_000;
/** UTF-8, header included: any text of that length with usual ids fits, and three of them fit `frameBytesMax`. */
export const messageBytesMax = 8_192;
/** UTF-16 units: the longest usual emoji, a family, has eleven. */
export const reactionLengthMax = 16;
/** Sooner it would have ended before everybody has it. */
export const messageLifetimeMsMin = 5_000;
/** Longer than any event. */
export const messageLifetimeMsMax = 86_400_000;
/** Messages in one frame, and ids of removed ones. */
export const messagesPerFrameMax = 100;
/** What is sent within this goes out in one frame: ten a second to each viewer at most, and nobody notices. */
export const messagesIntervalMs = 100;
/** Sockets written to for messages, 20 us each: where rooms that talk have more than 2,000 viewers, they wait longer. */
export const messagesSocketsPerSecondMax = 20_000;
/** One person types no faster; a burst is a thought in several lines, or applause. */
export const messagesPerSecond = 1;
export const messagesBurst = 5;
/** Of hosts and moderators: their tools may send, too. */
export const keeperMessagesPerSecond = 5;
export const keeperMessagesBurst = 20;
/** Of one room, as bytes of its messages: about 30 of them a second, more than anybody reads. */
export const messagesBytesPerSecond = 16_384;
/** Times their viewers, of all rooms of one process: 400 Mbit/s. A room of 50,000 has 1,000 bytes a second of it. */
export const messagesFanOutBytesPerSecond = 50_000_000;
/** A short message counts for so many: its frame, its place in a chat and its turn in every page cost no less. */
export const messageCostBytesMin = 512;
/** What a newcomer reads to follow; of returning viewers, what two minutes of a lively chat were. */
export const messageHistoryMax = 100;
/** Of one room: an eighth of `socketBufferBytesMax`, since a newcomer gets all of it at once. */
export const messageHistoryBytesMax = 131_072;
/** Of all rooms: the longest quiet room forgets first. In memory they take about twice as much. */
export const messageHistoriesBytesMax = 67_108_864;
/** Of one room: some seconds of applause, so that of all rooms they fit next to their histories. */
export const messageReactionsMax = 200;
/** A room that everybody has left: longer than a restart of the player's site takes. */
export const messageHistoryKeptMs = 600_000;
/** Removed ones that a returning viewer is told of: it can have missed no more of the history. */
export const messageRemovalsMax = 100;
/** People whose rate is remembered, the longest silent is forgotten first; a rate is whole again within 5 s. */
export const messageSendersMax = 100_000;
/** A message that is sent again, because its answer was lost, is known for so long: longer than the sdk tries. */
export const messageRepeatMs = 60_000;
/** Those of a minute of a process that is busy all the while: 40 MB. */
export const messageRepeatsMax = 100_000;
/** Messages of one viewer that wait for their answer; a moderator's burst. */
export const messagesInFlightMax = 20;
/** By then the answer is there, or the socket was lost and came back; a user waits no longer. */
export const messageAnswerWithinMs = 15_000;
/** Messages that a viewer knows again: those of the history, and what came while it was read. */
export const messagesKnownMax = 256;
/** What is kept of messages is looked through so often for what has ended. */
export const messagesSweepMs = 10_000;
/** The last instant that a `Date` can name. */
export const unixMsMax = 8.64e15;

// --- log of messages on the device ----------------------------------------------------------
/** A month of a busy chat; 4 MB in IndexedDB, read and replayed in a quarter of a second at the start. */
export const messageLogRowsMax = 20_000;
/** What somebody cared about a season ago says little. */
export const messageLogKeptMs = 7_776_000_000;
/** Messages whose decision can still be explained: what a chat shows and a few screens more. */
export const explanationsMax = 500;
/** Rules with their signature, as fetched. */
export const modelBytesMax = 16_384;
/** What a disk that pauses for two seconds holds up on the busiest chat. */
export const messageLogPendingMax = 2_000;
/** Rows that are written in one transaction go out within this, which is what a crash can lose. */
export const messageLogBatchMs = 200;
/** Earlier where there are so many. */
export const messageLogBatchRows = 500;
/** After a write that failed; twice as long each time, up to the second. */
export const messageLogRetryMinMs = 1_000;
export const messageLogRetryMaxMs = 60_000;
/** Ids whose pseudonyms are known: everybody in a busy room and a minute of its messages; half a megabyte. */
export const pseudonymsKnownMax = 4_096;
/** Calls of `classify` and `record` without an answer: two seconds of the busiest chat. */
export const classifierCallsMax = 2_000;
/** Other calls of a classifier without an answer, which people make by hand. */
export const classifierAsksMax = 100;

// --- directory of edges ---------------------------------------------------------------------
/** Edges of one process, spares included: one pass over all of them takes under a millisecond. */
export const edgesMax = 1_000;
/** Edges that name one room, and those for all rooms: what one body is chosen from. */
export const edgesOfRoomMax = 64;
/** Rooms that one edge names; one for more rooms is for all. */
export const roomsOfEdgeMax = 64;
/** Eight listings and sixteen exclusions with such URLs fit `edgesBytesMax`. */
export const edgeBaseUrlLengthMax = 512;
/** Beyond any currency's price of a GB: a mistake. */
export const costPerGigabyteMax = 1_000_000;
/** A registration with `roomsOfEdgeMax` long names of rooms is 20 kB. */
export const edgeRequestBytesMax = 32_768;
/** Longer than a slow mobile link needs for so many bytes; until then a request holds a socket. */
export const edgeRequestWithinMs = 10_000;
/** Fifty edges behind one address with their heartbeats, or a page with a wall of viewers that ask. */
export const edgeRequestsPerMinutePerAddressMax = 300;
/** An edge is a server that nobody attends to: its token is renewed once a week. */
export const edgeTokenLifetimeMaxMs = 604_800_000;
/** Viewers notice a dead edge in a second; by then nobody is told of it any more either. A heartbeat every third of it. */
export const edgeLeaseMs = 30_000;
/** Viewers of a room are told no oftener: what changes in bursts is told once. Wake-ups are no closer either. */
export const edgesIntervalMs = 1_000;
/** Loads and priors alone are told no oftener: a room of 10,000 is then sent 3 MB/s of them at most. */
export const edgesQuietIntervalMs = 10_000;
/** Viewers are told again before this, leases or not: weights and priors reach them by then. */
export const edgesValidMs = 300_000;
/** Bodies made and signed in one go, 0.1 ms each: the rest waits for the next interval. */
export const edgesBodiesPerTurnMax = 500;
/** Sockets written to in one go, 20 us each: joins, heartbeats and other rooms come in between. */
export const sentPerTurnMax = 2_000;
/** Networks whose measurements are remembered, the longest unheard is forgotten first: 15 MB with the next two. */
export const priorNetworksMax = 2_000;
export const priorEdgesMax = 16;
/** Newest devices of one network that count: four liars among nine do not move the median out of what the others say. */
export const priorDevicesMax = 9;
/** Networks change with the hour: what was measured counts for so long. */
export const priorMs = 300_000;
/** Every viewer reports once in it: an edge is judged by all that read from it. */
export const edgeWindowMs = 5_000;
/** Subjects that are heard in one window: more do not change a share. */
export const edgeVoicesMax = 1_000;
/** Names without an edge that wait for a spare; the longest vacant is forgotten first. */
export const edgeVacanciesMax = 64;
/** Answers to steered players that are kept for an interval, by room and network, the oldest is dropped first: 10 MB. */
export const edgeSurveysMax = 500;
/** A player asks for a steering manifest again after this: its prior and load are a heartbeat or two old by then. */
export const steeringTtlMs = 30_000;
/** While an edge of the room drains or fails a viewer: about a segment or two, within what a player has ahead. */
export const steeringTtlUrgentMs = 10_000;
/** A list of eight pathways, each with its base URL. */
export const steeringParameterLengthMax = 4_096;
/** Of a stream whose bitrate the site does not say: usual for a live stream in HD. */
export const steeringBitsPerSecond = 4_000_000;
/** Requests of one viewer that are counted: a year of them. */
export const steeringTurnsMax = 1_000_000;
/** Above this what a player says of its throughput is no measurement. */
export const steeringBitsPerSecondMax = 100_000_000_000;
/** What is predicted is the time of one segment; usual lengths are 2 to 6 s. */
export const steeringSegmentMs = 4_000;
/** Samples from which weights are learned: half a megabyte, and 20 ms a minute. */
export const edgeSamplesMax = 4_096;
/** Of one subject, the newest: enough to tell what is usual with it, and no way to push out what others sent. */
export const edgeSamplesPerDeviceMax = 32;
/** An evening: after that edges and networks are others. */
export const edgeSampleKeptMs = 21_600_000;
/** With fewer a weight is a guess: its error is about a fifth then. */
export const edgeSamplesMin = 200;
/** Subjects. With fewer one odd network, or two liars, are a fifth of all. */
export const edgeSampleDevicesMin = 10;

// --- attestor -------------------------------------------------------------------------------
/** Renditions and audio languages of one stream; others are not attested. */
export const attestedPlaylistsMax = 32;
/** Read until the first viewer reports what it plays: a few seconds of a few renditions. */
export const attestedPlaylistsGuessed = 4;
/** Segments of one room read at once: as many as renditions that are commonly watched. */
export const attestorReadsMax = 4;
/** A playlist that nobody plays any more, or an empty room, is soon wanted again when somebody reloads. */
export const attestorLingerMs = 15_000;
/** Longer than a cold edge needs to ask its origin. */
export const attestorFirstByteMs = 4_000;
export const attestorStallMs = 4_000;
/** Slower than this a segment is of no use to anybody live. */
export const attestorReadWithinMs = 20_000;
/** The stream is retried at this pace while it fails, doubling up to the second. */
export const attestorRetryMinMs = 1_000;
export const attestorRetryMaxMs = 5_000;
/** Descriptors that become known within this go out in one frame. */
export const attestorBatchMs = 20;
export const streamUrlLengthMax = 2_048;
/** Copies of one stream that the attestor turns to: origins and edges. */
export const streamUrlsMax = 8;
/** The publisher's descriptors are looked at so often while one is missing. */
export const descriptorsPollMs = 100;
/** A publisher's file of descriptors: those of `signedSegmentsMax` segments, each with a dozen parts. */
export const descriptorFileBytesMax = 8 * 1_048_576;
/** Segments of one playlist that a publisher's file names: eight hours at six seconds. */
export const signedSegmentsMax = 5_000;

// --- peer wire ------------------------------------------------------------------------------
/** Largest message every browser's SCTP accepts is 256 kB; a live playlist is a few kB. */
export const peerControlBytesMax = 131_072;
export const playlistBytesMax = 120_000;
/**
 * A part is passed on when it is whole: twice as large, and a segment takes twice as long from viewer to viewer on
 * uplinks of about the bitrate. Half of it doubles requests and digests for a twentieth more from peers.
 */
export const partBytes = 32_768;
/** 16 kB is the largest message that no browser fragments badly, and lets control through between two. */
export const chunkBytes = 16_384;
/** 64 MiB: ten seconds at 50 Mbit/s. */
export const partsPerSegmentMax = 2_048;
/** As JSON writes them in UTF-8: so many of them as a frame names fit into one. */
export const segmentIdBytesMax = 512;
/** 14 MiB, or 4 s at 28 Mbit/s: what fits a frame. Longer segments are not attested and come from the edge. */
export const partsPerDescriptorMax = 448;
export const descriptorBytesMax = 24_000;
export const descriptorsPerFrameMax = 16;
/** Descriptors that a viewer remembers: ten minutes of one playlist. */
export const descriptorsKept = 300;
/** What a newcomer needs: the live window, for each playlist that somebody plays. */
export const descriptorsKeptPerPlaylist = 12;
/** Segments of one playlist that viewers asked for and the attestor has not read yet: what one fills its buffer with. */
export const descriptorsAskedMax = 32;
/** A viewer asks for descriptors one after another, and for one again that has not come: its ask may have been one too many. */
export const attestEveryMs = 100;
export const attestRetryMs = 5_000;
/** Asks of one viewer that lead to a read: what it fills its buffer with, then faster than anybody plays. */
export const attestAsksBurst = 16;
export const attestAsksPerSecond = 2;
/** A peer that sends more than this many control messages a second is broken or hostile. */
export const peerMessagesPerSecondMax = 400;
/** Segments that one peer speaks of and this viewer has nothing of: a live window and some more. */
export const segmentsAnnouncedMax = 64;
/** Masters, each on a device of its own, that must have read the same before it is believed. */
export const agreementDevicesMin = 2;
/** A publisher's descriptors are looked for in its file so often, and for so long after a segment came. */
export const descriptorsRetryMs = 500;
export const descriptorsWithinMs = 10_000;
/** By then a master that has read it has passed it on. */
export const descriptorsRelayMs = 2_000;

// --- swarm ----------------------------------------------------------------------------------
/** Full mesh up to here; each link costs memory and a keep-alive. */
export const neighboursMax = 10;
/** A neighbour that did not connect by then is behind a NAT that will not open. */
export const peerConnectWithinMs = 10_000;
export const requestsPerPeerMax = 32;
/** Memory for media on one page: two minutes at 4 Mbit/s. */
export const memoryBytesMax = 64 * 1_048_576;
/** Bytes waiting in one data channel: what is in there is sent, wanted or not, and on a slow uplink takes long. */
export const peerBufferedBytesMax = 16_384;
/** What is left when a part counts as sent and more is handed over: enough that the link never runs dry. */
export const peerBufferedBytesLow = 8_192;
/** Silence within an answer: three times what a bad mobile link pauses. */
export const edgeStallMs = 4_000;
/** While a part takes longer than this, who reads it says how far it is: twice before others would take over. */
export const edgeProgressMs = 250;
/** Reads ahead of the player or for others at once: browsers open six connections to one host. */
export const edgeFetchesMax = 6;
/** At most one probe a second of an edge that fails. */
export const edgeProbeIntervalMs = 1_000;

/** The bounds by name; tests and simulations override some of them. */
export type Limits = { readonly [Name in keyof typeof import('./limits.ts')]: number };
