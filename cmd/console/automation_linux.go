//go:build linux && desktop && automation

package main

// Test builds only. WebKit lets a driver steer a page only if the page's view was made for that, which Wails does not do;
// but the function Wails makes its view with is looked up in the program before the library, so this one is used.

/*
#cgo pkg-config: gtk+-3.0
#cgo !webkit2_41 pkg-config: webkit2gtk-4.0
#cgo webkit2_41 pkg-config: webkit2gtk-4.1
#include <webkit2/webkit2.h>

static WebKitWebView *the_view;

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

GtkWidget *webkit_web_view_new_with_user_content_manager(WebKitUserContentManager *manager) {
	WebKitWebContext *context = webkit_web_context_get_default();
	webkit_web_context_set_automation_allowed(context, TRUE);
	g_signal_connect(context, "automation-started", G_CALLBACK(on_driver), NULL);
	the_view = g_object_new(WEBKIT_TYPE_WEB_VIEW, "is-controlled-by-automation", TRUE, "web-context", context,
		"user-content-manager", manager, NULL);
	return GTK_WIDGET(the_view);
}
*/
import "C"
