package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/template"
)

// systemdCmd prints what systemd needs.
type systemdCmd struct {
	Unit systemdUnitCmd `cmd:"" help:"Print a unit: start, watchdog, and what a stop leaves alone."`
}

type systemdUnitCmd struct {
	Exec        string `help:"The program; this one where it is not given." type:"path"`
	User        string `help:"The account it runs as: an ordinary one, made with 'adduser --system --group lamplight'." default:"lamplight"`
	State       string `help:"The server's state directory." default:"/var/lib/lamplight" type:"path"`
	Environment string `help:"A file of lines LAMPLIGHT_…=value, the server's settings; it may be missing." default:"/etc/lamplight/lamplight.env" type:"path"`
}

// KillMode: the private PostgreSQL and Asterisk outlive a killed server, so that talkers go on talking and the next start takes
// both over. The server itself stops them at an orderly stop.
const unit = `# Written by 'lamplight systemd unit'. Put it into /etc/systemd/system/lamplight.service, then:
#   systemctl daemon-reload && systemctl enable --now lamplight
[Unit]
Description=Lamplight, operator console for medical answering services
Wants=network-online.target
After=network-online.target time-sync.target

[Service]
Type=notify
NotifyAccess=main
User={{.User}}
Environment={{quote (print "LAMPLIGHT_STATE=" .State)}}
EnvironmentFile=-{{escape .Environment}}
ExecStartPre=+/usr/bin/install -d -o {{.User}} -g {{.User}} -m 711 {{quote .State}}
ExecStart={{quote .Exec}} serve
# The first start fetches Asterisk.
TimeoutStartSec=15min
# A core of the calls that does not answer is ended and started anew; callers are with the switch's fail-safe meanwhile.
WatchdogSec=30
Restart=always
RestartSec=1
# PostgreSQL and Asterisk outlive a killed server, and the next start takes them over; an orderly stop ends them itself.
KillMode=process
TimeoutStopSec=30
NoNewPrivileges=yes
ProtectSystem=full
PrivateTmp=no
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
`

func (c *systemdUnitCmd) Run() error { return c.run(os.Stdout) }

func (c *systemdUnitCmd) run(out io.Writer) error {
	if c.Exec == "" {
		var err error
		if c.Exec, err = os.Executable(); err != nil {
			return fmt.Errorf("where this program lies: %w; say it with --exec", err)
		}
	}
	t := template.Must(template.New("unit").Funcs(template.FuncMap{"quote": unitQuote, "escape": unitEscape}).Parse(unit))
	return t.Execute(out, c)
}

// unitEscape writes a value so that systemd reads no specifier in it.
func unitEscape(s string) string { return strings.ReplaceAll(s, "%", "%%") }

// unitQuote writes a word as systemd reads it back, spaces and all.
func unitQuote(s string) string {
	s = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `$$`).Replace(unitEscape(s))
	return `"` + s + `"`
}

// proxyCmd prints samples for proxies.
type proxyCmd struct {
	Nginx nginxCmd `cmd:"" help:"Print a site for nginx 1.18 or newer."`
	Caddy caddyCmd `cmd:"" help:"Print a site for Caddy 2, which gets its certificate by itself."`
}

// proxied is what a proxy must know.
type proxied struct {
	Name  string `required:"" help:"The public name, notes.example.org."`
	Port  int    `help:"The public port." default:"443"`
	To    string `help:"The server's --listen." default:"127.0.0.1:8443"`
	Hooks string `help:"The server's --hooks-listen, when a carrier reports there." placeholder:"127.0.0.1:8444"`
	CA    string `name:"ca" help:"A copy of the server's keys/ca.pem which the proxy may read." default:"/etc/lamplight/ca.pem" type:"path"`

	Certificate string `help:"The public certificate, PEM." type:"path"`
	Key         string `help:"Its key, PEM." type:"path"`
}

const proxyHead = `# Written by 'lamplight proxy {{.Proxy}}'. The server beside it is started with
#   --listen {{.To}} --public-url https://{{.Name}}{{.Suffix}} --proxy 127.0.0.1/32{{if .Hooks}} --hooks-listen {{.Hooks}}{{end}}
# and the proxy may read a copy of its ca.pem:  install -D -m 644 STATE/keys/ca.pem {{.CA}}
`

const nginxSite = proxyHead + `server {
    listen {{.Port}} ssl;
    server_name {{.Name}};
    ssl_certificate     {{quote .Certificate}};
    ssl_certificate_key {{quote .Key}};
    ssl_protocols       TLSv1.2 TLSv1.3;
    server_tokens       off;

    location = /metrics { return 404; }
{{- if .Hooks}}
    location /hooks/ {
        proxy_pass       http://{{.Hooks}};
        proxy_set_header Host $http_host;
    }
{{- end}}
    location / {
        proxy_pass         https://{{.To}};
        proxy_ssl_verify   on;
        proxy_ssl_trusted_certificate {{quote .CA}};
        proxy_ssl_name     localhost;
        proxy_http_version 1.1;
        proxy_set_header   Connection "";
        # Host as the browser said it: a page's request is checked against it.
        proxy_set_header   Host $http_host;
        # Only what nginx saw itself: sign-ins are slowed by it.
        proxy_set_header   X-Forwarded-For $remote_addr;
        proxy_read_timeout 300s;
    }
}
`

const caddySite = proxyHead + `{{.Name}}{{.Suffix}} {
{{- if .Certificate}}
	tls {{quote .Certificate}} {{quote .Key}}
{{- end}}
	respond /metrics 404
{{- if .Hooks}}
	handle /hooks/* {
		reverse_proxy {{.Hooks}}
	}
{{- end}}
	handle {
		reverse_proxy https://{{.To}} {
			transport http {
				tls_trusted_ca_certs {{quote .CA}}
				tls_server_name localhost
			}
		}
	}
}
`

// site prints a sample.
func (p proxied) site(out io.Writer, proxy, text string) error {
	suffix := ""
	if p.Port != 443 {
		suffix = fmt.Sprintf(":%d", p.Port)
	}
	quoted := func(s string) string { return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"` }
	t := template.Must(template.New("site").Funcs(template.FuncMap{"quote": quoted}).Parse(text))
	return t.Execute(out, struct {
		proxied
		Proxy, Suffix string
	}{p, proxy, suffix})
}

type nginxCmd struct{ proxied }

func (c *nginxCmd) Run() error { return c.run(os.Stdout) }

func (c *nginxCmd) run(out io.Writer) error {
	if c.Certificate == "" {
		c.Certificate, c.Key = "/etc/letsencrypt/live/"+c.Name+"/fullchain.pem", "/etc/letsencrypt/live/"+c.Name+"/privkey.pem"
	}
	return c.site(out, "nginx", nginxSite)
}

type caddyCmd struct{ proxied }

func (c *caddyCmd) Run() error { return c.run(os.Stdout) }

func (c *caddyCmd) run(out io.Writer) error { return c.site(out, "caddy", caddySite) }
