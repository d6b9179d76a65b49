package asterisk

// modules are the Asterisk modules the configuration loads, in this order: nothing that we do not use, so that it starts
// in a fraction of a second and offers no service we do not watch.
var modules = []string{
	// timing and storage
	"res_timing_timerfd", "res_sorcery_config", "res_sorcery_memory", "res_sorcery_astdb",
	// SIP
	"res_pjproject", "res_pjsip", "res_pjsip_session", "res_pjsip_sdp_rtp", "res_pjsip_caller_id", "res_pjsip_registrar",
	"res_pjsip_authenticator_digest", "res_pjsip_outbound_authenticator_digest", "res_pjsip_outbound_registration",
	"res_pjsip_endpoint_identifier_ip", "res_pjsip_endpoint_identifier_user", "res_pjsip_nat", "res_pjsip_rfc3326",
	"res_pjsip_dtmf_info", "res_pjsip_diversion", "res_pjsip_dlg_options", "res_pjsip_pubsub", "res_pjsip_refer",
	"res_pjsip_header_funcs", "chan_pjsip",
	// sound
	"res_rtp_asterisk", "res_srtp", "codec_ulaw", "codec_alaw", "codec_a_mu", "codec_g722", "codec_resample",
	"format_pcm", "format_sln", "format_wav", "bridge_simple", "bridge_native_rtp", "bridge_softmix", "bridge_holding",
	"chan_bridge_media", "res_musiconhold", "app_mixmonitor",
	// ARI
	"res_http_websocket", "res_websocket_client", "res_stasis", "res_stasis_answer", "res_stasis_playback",
	"res_stasis_recording", "res_stasis_snoop", "res_stasis_device_state", "res_ari", "res_ari_model",
	"res_ari_applications", "res_ari_asterisk", "res_ari_bridges", "res_ari_channels", "res_ari_device_states",
	"res_ari_endpoints", "res_ari_events", "res_ari_playbacks", "res_ari_recordings", "res_ari_sounds", "app_stasis",
	// dialplan, the fail-safe among it
	"pbx_config", "func_channel", "func_callerid", "func_hangupcause", "func_strings", "func_logic", "func_timeout",
	"func_global", "func_env", "func_cut", "func_lock", "func_groupcount", "func_md5", "app_exec", "app_playback", "app_record",
	"app_softhangup", "app_dial", "app_channelredirect",
}
