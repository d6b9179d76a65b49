//go:build linux && desktop && automation

package main

// Test builds only: WebKit lets a driver steer a page only if the page's view was made for that (view_linux.go).

// #cgo CFLAGS: -DLAMPLIGHT_AUTOMATION
import "C"
