// Package asterisk is a private Asterisk 22: it fetches, checks, configures, starts and watches one.
//
// It promises: what it fetched was signed by Debian; Asterisk never runs as root; ports, directories and credentials
// are each server's own, so that several run side by side; where that is allowed it runs in real time, before all ordinary
// programs, as its sound needs; a dead Asterisk is started again; no caller's name or number
// stands in any of its logs (which therefore hold errors only); what holds a credential or a voice is readable by its
// owner alone; and with nobody on the
// other side of ARI a caller hears an apology in both languages and can leave a message.
//
// It leaves to others: what happens in a call (telephony/ari drives it, telephony decides).
//
// # What the dialplan and its driver agree on
//
// The application's name is Config.App ("lamplight"). A caller enters it with the arguments "inbound", DID, and the format of
// its sound; a leg of ours with "agentleg", the recording that was begun and the format (context agent-leg, extension s) or
// "outbound" (context outbound-leg, extension s). Originate
// with context, extension and priority, never with app, because the lease lives in the dialplan.
//
//   - GLOBAL(ALIVE) is the heartbeat: the driver sets it to Asterisk's EPOCH each second. Older than Config.Stale, and
//     new callers go to overflow.
//   - TIMEOUT(absolute) is the lease: Config.Lease before Stasis, for the driver to renew each two seconds. When it runs
//     out Asterisk takes the leg back (extension T).
//   - GLOBAL(LAMPLIGHT_UNTIL) is until when, by Asterisk's EPOCH, all callers who wait are looked after, whatever their own lease.
//     The dialplan's watchman (context lamplight-watch, s and rest, the two ends of a Local channel) compares it each second, and
//     tells by GLOBAL(LAMPLIGHT_WATCH) when it did last. A caller entered with a fourth argument of 1 when the watchman has them,
//     with asterisk.Net for a lease. LAMPLIGHT_FOR, a variable of an agent's leg, is the channel name of the caller it is for:
//     from its answer on they are not looked after any more.
//   - PEER, a channel variable, is the channel *name* of the leg this one talks to: when the lease runs out they go on
//     talking without us, and when either hangs up the other is hung up. Empty it when a leg must survive. Set PEER on
//     both legs and clear the lease of the one we originated (TIMEOUT(absolute)=0).
//   - LAMPLIGHT_INVITE, a channel variable of a caller's leg, is what the carrier's INVITE said of who is called and who
//     calls, word for word: see Invite, which is the one place that makes numbers of it. DID is the dialplan's own guess at
//     the number dialled, for the names of voicemails.
//   - LAMPLIGHT_REC, a channel variable of an agent's leg, is the name of the recording that the dialplan begins when the leg
//     is answered. It is stored as "lamplight-agent/NAME" (Config.App before the dash).
//   - A snoop of ours is continued at lamplight-recorder, extension s, with REC set to a recording's name: it comes back to
//     the application with the argument "recorder", MixMonitor at work on it.
//   - A stored recording "vm/…" is a voicemail, see ParseVoicemail.
//
// A number of the telephone network is reached as PJSIP/+13125550142@carrier. Emergency numbers are dialled on an
// agent's phone and go to the carrier straight from the dialplan; nothing of ours stands in their way.
//
// Prompts are named "lamplight/greeting" and so on (see Prompts) and spoken in the channel's language, en or es. In the
// greeting key 1 is always English and key 2 always Spanish.
package asterisk
