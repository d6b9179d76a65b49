//go:build !bridge

package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/wailsapp/wails/v2"
	"github.com/wailsapp/wails/v2/pkg/logger"
	"github.com/wailsapp/wails/v2/pkg/options"
	"github.com/wailsapp/wails/v2/pkg/options/assetserver"
	"github.com/wailsapp/wails/v2/pkg/options/linux"
	"github.com/wailsapp/wails/v2/pkg/runtime"

	"lamplight/frontend/desk"
)

// show opens the window and returns when it is closed or a SIGTERM came.
func show(c config, d *Desk) error {
	pages, err := desk.Pages()
	if err != nil {
		return err
	}
	if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return errors.New("there is no display to open a window on; start it in a desktop session, or under Xvfb")
	}
	var window context.Context
	front := func() {
		runtime.WindowUnminimise(window)
		runtime.WindowShow(window)
		runtime.WindowSetAlwaysOnTop(window, true) // X11 window managers raise only what asks to stay on top
		runtime.WindowSetAlwaysOnTop(window, false)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	own := sha256.Sum256([]byte(d.parts.Data)) // one desk a data directory: a second start brings the first one forward
	err = wails.Run(&options.App{
		Title: "Lamplight", Width: 1280, Height: 800, MinWidth: 1024, MinHeight: 700,
		AssetServer:      &assetserver.Options{Assets: pages},
		BackgroundColour: options.NewRGB(23, 26, 31),
		LogLevel:         logger.ERROR, LogLevelProduction: logger.ERROR,
		OnStartup: func(ctx context.Context) {
			window = ctx
			d.on(screen{Emit: func(name string, data any) { runtime.EventsEmit(ctx, name, data) }, Front: front})
			go func() {
				<-stop
				d.told.Store(true)
				runtime.Quit(ctx)
			}()
		},
		OnBeforeClose:  func(context.Context) bool { return !d.mayClose(time.Now()) },
		Bind:           []any{d},
		ErrorFormatter: func(err error) any { return thrown(err) },
		SingleInstanceLock: &options.SingleInstanceLock{
			UniqueId:               "lamplight-desk-" + hex.EncodeToString(own[:6]),
			OnSecondInstanceLaunch: func(options.SecondInstanceData) { front() },
		},
		Linux: &linux.Options{WebviewGpuPolicy: linux.WebviewGpuPolicyNever, ProgramName: "lamplight-desk"},
	})
	if err != nil {
		return fmt.Errorf("open the window: %w", err)
	}
	return nil
}
