/** Every number both sides depend on, once, with its reason. Units are in the names. */

/** Version of the host link. Raised when an old side could no longer be understood; a mismatch closes with 4010. */
export const protocolVersion = 1;

/** Largest durable event; SQLite in the object caps a row at 2 MB, and one event must leave room for its neighbours. */
export const maxEventBytes = 256 * 1024;
/**
 * Dollars of a turn in an event: far more than anything costs, and its sums stay finite, since SQL and JSON know no
 * Infinity.
 */
export const maxUsd = 1e9;
/** A to-do list in an event: more than this nobody reads, and it has to stay below maxEventBytes. UTF-16 units each. */
export const maxTodos = 200;
export const maxTodoChars = 500;
/** Largest text in one checkpoint: bounds what is lost to a killed host and what a viewer waits for (protocol §3). */
export const checkpointBytes = 32 * 1024;
/**
 * One text of an agent, in UTF-16 units: ten times what models write without a break. An object shows it whole, in one
 * message of a socket (32 MiB), and has it in its 128 MB more than once meanwhile.
 */
export const maxPartChars = 16 * 1024 * 1024;
/** A checkpoint is due this long after the first character that is not stored: rows written are the bill. */
export const checkpointMs = 2_000;
/** The same while no link is up: nobody watches, so fewer rows (protocol §3). */
export const checkpointOfflineMs = 30_000;

/**
 * What running tool calls print, for viewers, in UTF-16 units: the end of each that is kept for who joins in the middle
 * of it (a screen or two), and the longest piece. Nothing of it is stored, so that nothing more is kept.
 */
export const outputTailChars = 16 * 1024;
/** Of all calls in one batch: little beside its rows, so that a flood delays nobody's text. */
export const outputFrameChars = 64 * 1024;
/**
 * Of all calls of one owner on a server: faster than anybody reads, slow enough for a poor line. Of what is printed
 * faster viewers are shown the end, and how much is missing before it.
 */
export const outputCharsPerSecond = 64 * 1024;
/** The same to all streams of an owner together, which share an object's one thread with everybody else's. */
export const outputShownPerSecond = 8 * outputCharsPerSecond;
/** Pieces of one batch; a call has one. */
export const maxOutputs = 256;

/** Unacknowledged window of the outbox (protocol §3): bounds resend work and memory. */
export const windowEvents = 1_000;
export const windowBytes = 4 * 1024 * 1024;
/** The host pauses sending above this many bytes queued in its socket. */
export const pauseBytes = 1024 * 1024;
/** Acknowledged rows are kept for a rolled-back edge (protocol §6). */
export const keepAckedMs = 7 * 24 * 3600 * 1000;
export const keepAckedBytes = 256 * 1024 * 1024;

/**
 * Batches per host: on Cloudflare 20 incoming frames are one billed request; on one's own machine nothing is billed.
 */
export const frameMsCloudflare = 25;
export const frameMsEmbedded = 5;
/** Largest link frame; the object receives at most 32 MiB, and 1,000 small events or one page of text fit easily. */
export const maxFrameBytes = 8 * 1024 * 1024;

/** Text of a message: a command row in the object and an event in the log. In UTF-8. */
export const maxMessageBytes = 128 * 1024;
/**
 * An answer to a question as it is encoded: it is a row of the object, a command, and part of the event that ends the
 * question, which may have `maxEventBytes`.
 */
export const maxAnswerBytes = 128 * 1024;
/** What JSON makes of a byte of UTF-8 at the most: a control character of one byte becomes `\u0001`. */
export const jsonPerByte = 6;
/**
 * Largest command as it is encoded: a message's text, and what is said of its mission, of which the longest came in
 * one event of a host. A frame holds several, and so does the inbox of a host.
 */
export const maxCommandBytes = jsonPerByte * maxMessageBytes + maxEventBytes;
/**
 * Messages sent to a host that it has not said to have received: a server with a thousand slots takes its messages a
 * few at a time, so that at most this many of `maxCommandBytes` are in the socket.
 */
export const maxUnreceived = 16;
/**
 * Commands, and wishes to stop one, that a `welcome` names: more than the slots of any server, and at 130 bytes each a
 * third of a frame.
 */
export const maxWelcomed = 10_000;
/** Runs with rows that are not acknowledged which a `hello` names, the oldest; those behind them wait their turn. */
export const maxRuns = 1_000;
/**
 * Sessions that a `hello` asks for and a `welcome` answers. Their names have up to 200 characters each, of which JSON
 * may need six bytes: 4 MB at the most, half a frame. What is not named is read off the host's own store.
 */
export const maxWelcomedSessions = 1_600;

/** Names of agents that a server reports of itself; more than this no list of a dashboard shows. */
export const maxReportedAgents = 1_000;

/** What the object of a server can hold: 10 GB (edge §2.2); above it, writes fail. */
export const maxObjectBytes = 10_000_000_000;

/**
 * Missions that a server keeps ready before their first message: the next one, and two for people who still type. Each
 * is an instance of OpenCode of 3 to 30 MB.
 */
export const maxPrepared = 3;

/** Orders that a server is given before earlier ones have ended; they wait for weeks, and any number may. */
export const maxOpenOrders = 100;

/** Host liveness (protocol §8). */
export const pingMs = 10_000;
export const silenceMs = 25_000;
export const redialMinMs = 500;
export const redialMaxMs = 30_000;
/**
 * First wait after being replaced by a newer session (4012), doubling to the maximum, so that two clones don't fight.
 */
export const replacedMinMs = 60_000;
export const replacedMaxMs = 15 * 60_000;
/** A server is shown as away when the runtime has answered no ping of it for this long. */
export const awayMs = 45_000;
/** A turn without output for this long is shown as quiet: the web app warns after the same time. */
export const quietMs = 60_000;
/** The host repeats its list of live turns this often while one runs: the evidence for "running". */
export const turnsMs = 60_000;

/** One page of replay or of /events. */
export const pageRows = 500;
export const pageBytes = 512 * 1024;
/** A filtered viewer learns its position at least this often, so that a resume need not read what it never showed. */
export const bareCursorRows = 1_000;
/** One frame to a viewer, in UTF-16 units, unless a single row is more: what a batch is shown as may be many. */
export const viewerFrameChars = 1024 * 1024;
/** A viewer with more than this queued is closed alone and resumes (edge §3.3). */
export const viewerQueueBytes = 1024 * 1024;
/**
 * What all streams of one isolate may have queued before slow ones go: half of its 128 MB (edge §2.4), which all
 * requests share.
 */
export const isolateUnreadBytes = 64 * 1024 * 1024;
/**
 * What they never exceed: three quarters. What lies between is for clients that read and are just sent much, such as a
 * long text at its end, which each of a user's windows gets at once, twice.
 */
export const isolateMaxUnreadBytes = 96 * 1024 * 1024;
/** A client that has taken nothing for so long is slow; over any line that is in use a piece of 64 KiB takes less. */
export const slowAfterMs = 5_000;
/** Streams of one isolate: with sockets and timers each is some 20 KB of its 128 MB. */
export const maxIsolateStreams = 1_000;
/** The runtime holds this much at most of a stream whose client does not read, uncounted by us. */
export const streamPieceBytes = 64 * 1024;
/** Comment on a silent stream; iOS gives up after 60 s, the web page warns after 30 s. */
export const heartbeatMs = 15_000;
/** `?format=delta` streams are ended after about this long (jittered): re-checks authorisation, spreads deploys. */
export const rotateMs = 15 * 60_000;
/** Sockets one stream may hold to servers; Workers allow six connections per request (edge §2.4). */
export const maxStreamHosts = 4;

/** Default rendering repeats the whole text: next `thinking` not before max(this, length / perSecond × 1 s). */
export const thinkingMinMs = 250;
export const thinkingCharsPerSecond = 64 * 1024;

/** Idempotency keys are remembered this long (protocol §4). */
export const idempotencyMs = 7 * 24 * 3600 * 1000;
/** Request bodies of the JSON API (contract §1.4). */
export const maxBodyBytes = 2 * 1024 * 1024;
/** One uploaded file (contract §1.4). */
export const maxUploadBytes = 10 * 1024 * 1024 * 1024;
/** Bytes of a transfer that may be under way: what each side holds at most, and enough for 100 MB/s at 10 ms. */
export const transferWindowBytes = 1024 * 1024;
/** One message of a transfer: large enough that a message's own cost does not count, small beside the window. */
export const transferChunkBytes = 64 * 1024;

/** Grace between a user's abort and disposing the directory's OpenCode instance (protocol §4). */
export const abortGraceMs = 10_000;
/** A prompt that OpenCode stored and never answered is sent again after this, at most this often (protocol §4). */
export const resendMs = 10_000;
export const resendMax = 3;

/** Close codes of the host link (protocol §2). */
export const closeCode = {
  /** The receiver's own failure (RFC 6455 1011): nothing was stored, dial again. */
  failed: 1011,
  /** Service restart (RFC 6455 1012): come back with the cursor. */
  restarted: 1012,
  unauthorised: 4001,
  staleEpoch: 4003,
  badFrame: 4004,
  tooSlow: 4008,
  gap: 4009,
  version: 4010,
  replaced: 4012,
} as const;
/** Connections to ports of workspaces that one user has open on a server: each holds a window of bytes both ways. */
export const maxConnectionsPerOwner = 64;
