//go:build linux && desktop && !bridge

package main

// The page's view, made by us. Wails makes it with a function that is looked up in the program before the library, so this
// one is used: it is the only way to a signal that Wails does not pass on. WebKit draws the page in a process of its own;
// when that dies the window would stay blank until the agent closed it, in the middle of a call. So the page is loaded
// anew: it asks for its state as at a start, and call and words come back.

/*
#cgo pkg-config: gtk+-3.0
#cgo !webkit2_41 pkg-config: webkit2gtk-4.0
#cgo webkit2_41 pkg-config: webkit2gtk-4.1
#include <webkit2/webkit2.h>

extern void pageDied(int reason);

static void on_death(WebKitWebView *view, WebKitWebProcessTerminationReason reason, gpointer unused) {
	pageDied((int)reason);
	webkit_web_view_reload(view);
}

static WebKitWebView *the_view;

#ifdef LAMPLIGHT_AUTOMATION
static WebKitWebView *give_view(WebKitAutomationSession *session, gpointer unused) {
	return the_view;
}

static void on_driver(WebKitWebContext *context, WebKitAutomationSession *session, gpointer unused) {
	WebKitApplicationInfo *info = webkit_application_info_new();
	webkit_application_info_set_name(info, "console");
	webkit_application_info_set_version(info, 1, 0, 0);
	webkit_automation_session_set_application_info(session, info);
	webkit_application_info_unref(info);
	g_signal_connect(session, "create-web-view", G_CALLBACK(give_view), NULL);
}
#endif

GtkWidget *webkit_web_view_new_with_user_content_manager(WebKitUserContentManager *manager) {
	WebKitWebContext *context = webkit_web_context_get_default();
	gboolean driven = FALSE;
#ifdef LAMPLIGHT_AUTOMATION
	driven = TRUE;
	webkit_web_context_set_automation_allowed(context, TRUE);
	g_signal_connect(context, "automation-started", G_CALLBACK(on_driver), NULL);
#endif
	the_view = g_object_new(WEBKIT_TYPE_WEB_VIEW, "is-controlled-by-automation", driven, "web-context", context,
		"user-content-manager", manager, NULL);
	g_signal_connect(the_view, "web-process-terminated", G_CALLBACK(on_death), NULL);
	return GTK_WIDGET(the_view);
}
*/
import "C"
