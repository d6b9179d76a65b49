package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"lamplight/routing/channel/pocket"
)

// chooseFiles has a page choose a drawn photo, larger than a piece, with words behind it and in its name, and other files.
func (p *page) chooseFiles(kind, words string, others ...string) {
	p.t.Helper()
	more := ""
	for _, o := range others {
		more += "d.items.add(new File(['" + o + "'], 'pagina.jpg'));"
	}
	p.see(`document.querySelector('#files') !== null`, "true")
	p.do(chromedp.Evaluate[chromedp.Void](`(async () => {
		const c = document.createElement('canvas')
		c.width = 1200
		c.height = 900
		const x = c.getContext('2d'), noise = x.createImageData(1200, 900)
		for (let i = 0; i < noise.data.length; i++) noise.data[i] = i % 4 === 3 ? 255 : (i * 2654435761 >>> 9) % 97 + 120
		x.putImageData(noise, 0, 0)
		x.font = '90px sans-serif'
		x.fillText('` + words + `', 60, 460)
		const drawn = await new Promise(done => c.toBlob(done, '` + kind + `', 0.9))
		const d = new DataTransfer(), i = document.querySelector('#files')
		d.items.add(new File([drawn, 'detrás de la foto: la cocina'], 'receta de Lucía.jpg'))
		` + more + `
		i.files = d.files
		i.dispatchEvent(new Event('change', { bubbles: true }))
	})()`))
}

// opens has a page show its last photo large, and close it by keyboard.
func (p *page) opens(what string) {
	p.t.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](`[...document.querySelectorAll('li button[aria-haspopup]')].at(-1).focus()`))
	p.press("\r")
	p.see(`document.querySelector('dialog[open] img')?.naturalWidth`, "1200")
	p.see(`document.activeElement.closest('dialog') !== null`, "true")
	p.see(`document.documentElement.scrollWidth <= innerWidth`, "true")
	p.shot(what)
	p.accessible(what)
	p.press("\u001b")
	p.see(`document.querySelector('dialog[open]') === null`, "true")
}

// drawn tells how many thumbnails a page shows, once they were scrolled to.
const drawn = `[...document.querySelectorAll('li button[aria-haspopup] img')].filter(i =>
	(i.scrollIntoView({ block: 'nearest' }), i.complete && i.naturalWidth === 320)).length`

// scrolled has what is to be sent stand at the top.
const scrolled = `void document.querySelector('#attach').scrollIntoView({ block: 'start' })`

// TestPatientsMessages walks on real parts, a patient's phone of 320 px and a practice's desk of 1280×800: the demo's message is told by
// text, opened by code and date of birth, read and answered; staff see that, answer, and close; STOP ends the texts. No address holds
// a token or a word of the patient's, and nothing of them is in a text or in the server's log.
func TestPatientsMessages(t *testing.T) {
	t.Parallel() // it mostly waits
	d := boot(t)
	arrived := func(n int) pocket.Arrival {
		t.Helper()
		var list []pocket.Arrival
		eventually(t, "a text to the patient", func() bool {
			list = nil
			for _, a := range d.pocket.Messages() {
				if a.To == patientPhone.Number && !strings.Contains(a.Body, "su cita es el") {
					list = append(list, a)
				}
			}
			return len(list) >= n
		})
		return list[n-1]
	}
	told := arrived(1)
	_, token, _ := strings.Cut(told.Link, "#")
	secrets := []string{token, "Lucía", "Lucia", "Ferrer", "5550196", demoBirth, "tiroides", "marzo", "lunes", "detrás de la foto", "la cocina",
		"receta de Luc"}

	var reminder pocket.Arrival
	eventually(t, "a reminder of tomorrow's appointment", func() bool {
		for _, a := range d.pocket.Messages() {
			if a.To == patientPhone.Number && strings.Contains(a.Body, "su cita es el") {
				reminder = a
			}
		}
		return reminder.Body != ""
	})
	if answer, err := d.pocket.TextBack(t.Context(), pocket.TextBack{From: patientPhone.Number, To: reminder.From, Body: "Sí 👍"}); err != nil ||
		!strings.Contains(answer, "confirmado") {
		t.Errorf("a confirmation is answered %q, %v", answer, err)
	}
	replies := 1

	p := openPage(t, 320, 640)
	p.do(chromedp.Navigate(told.Link))
	p.see(`location.pathname + location.hash`, "/p")
	p.see(`document.querySelector('h1')?.textContent`, "¿Es usted?")
	p.see(`document.documentElement.lang`, "es")
	p.see(`document.body.innerText.includes('Lucía')`, "false") // a link tells nothing of whose it is
	p.shot("prove")
	p.accessible("before a code")
	p.click("main button.main")
	code := regexp.MustCompile(`\b\d{6}\b`).FindString(arrived(2 + replies).Body)
	prove := func(code, day string) {
		t.Helper()
		p.see(`document.activeElement.id`, "code")
		p.do(chromedp.Evaluate[chromedp.Void](`for (const i of document.querySelectorAll('form input')) i.value = ''`))
		p.write("#code", code)
		p.do(chromedp.Evaluate[chromedp.Void](`(s => { s.value = '09'; s.dispatchEvent(new Event('change', { bubbles: true })) })(document.querySelector('select'))`))
		p.write("[autocomplete=bday-day]", day)
		p.write("[autocomplete=bday-year]", "1984")
		p.click("form button.main")
	}
	prove(code, "13")
	p.see(`document.querySelector('[role=alert]')?.textContent.includes('no es correcto')`, "true")
	p.shot("refused")
	p.accessible("a wrong date of birth")
	prove(code, "12")
	p.see(`document.querySelector('li .words')?.textContent.includes('la tiroides está normal')`, "true")
	p.see(`document.documentElement.scrollWidth`, "320")
	p.see(`[...document.querySelectorAll('button, input, select, textarea, summary')].filter(b => b.offsetParent && b.offsetHeight < 22).length`, "0")
	p.see(`[...document.querySelectorAll('a')].map(a => a.textContent).join(' ')`, "(312) 555-0100 911 988")
	p.shot("read")
	p.accessible("the conversation")
	p.write("#words", "Sí, gracias. El lunes puedo.")
	p.online(false)
	p.click("form button.main")
	p.see(`document.querySelector('form [role=alert]')?.textContent.includes('Sin conexión')`, "true")
	p.see(`document.querySelector('#words').value`, "Sí, gracias. El lunes puedo.")
	p.online(true)
	p.click("form button.main")
	p.see(`document.querySelectorAll('ol > li').length`, "2")
	p.shot("written")
	p.online(false)
	p.chooseFiles("image/jpeg", "Ibuprofeno 400", "<html>")
	p.see(`document.querySelector('form li span')?.textContent.includes('Sin conexión')`, "true")
	p.see(`document.querySelector('form button.main').disabled`, "true")
	p.do(chromedp.Evaluate[chromedp.Void](scrolled))
	p.shot("file-cut")
	p.online(true)
	p.see(`document.querySelector('form li.refused [role=alert]')?.textContent.includes('ni una foto ni un PDF')`, "true")
	p.see(`document.querySelector('form li span')?.textContent.includes('Listo')`, "true")
	p.see(`document.documentElement.scrollWidth`, "320")
	p.do(chromedp.Evaluate[chromedp.Void](scrolled))
	p.shot("files")
	p.accessible("files of a message")
	p.click("form li.refused button")
	p.see(`document.activeElement.id`, "attach")
	p.click("form button.main")
	p.see(`document.querySelectorAll('ol > li').length`, "3")
	p.see(`document.querySelectorAll('form li').length`, "0")
	p.see(drawn, "1")
	p.opens("photo")
	p.see(`document.documentElement.scrollWidth`, "320")

	s := openPage(t, 1280, 800)
	s.do(chromedp.Navigate(d.server.PagesURL))
	s.signIn(d, "marta.webb", d.keys.Password)
	s.until("the practice's page", func() bool {
		return strings.Contains(s.words(), "Patients")
	})
	s.do(chromedp.Evaluate[chromedp.Void](`document.querySelector('[data-tab=visits]').click()`))
	s.see(`document.querySelector('main h1')?.textContent`, "Appointments")
	s.see(`document.querySelector('.days input').value !== ''`, "true")
	s.do(chromedp.Evaluate[chromedp.Void](`dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', altKey: true }))`))
	s.see(`document.querySelector('.row')?.innerText.includes('Lucía Ferrer')`, "true")
	s.see(`document.querySelector('.row .how')?.innerText.includes('Confirmed')`, "true")
	s.see(`document.querySelector('.row .how')?.innerText.includes('reminder delivered')`, "true")
	s.do(chromedp.Evaluate[chromedp.Void](`dispatchEvent(new KeyboardEvent('keydown', { key: 'j', altKey: true }))`))
	s.see(`document.querySelector('.story')?.innerText.includes('confirmed')`, "true")
	s.see(`document.documentElement.scrollWidth <= 1280`, "true")
	s.shot("visits")
	s.accessible("a day's appointments")
	s.do(chromedp.Evaluate[chromedp.Void](`dispatchEvent(new KeyboardEvent('keydown', { key: 'n', altKey: true }))`))
	s.see(`document.activeElement.id`, "visit-patient")
	s.shot("visits-form")
	s.do(chromedp.Evaluate[chromedp.Void](`dispatchEvent(new KeyboardEvent('keydown', { key: 'g', altKey: true }))`))
	s.see(`document.querySelector('.figures table') !== null`, "true")
	s.shot("visits-figures")
	s.do(chromedp.Evaluate[chromedp.Void](`dispatchEvent(new KeyboardEvent('keydown', { key: 'i', altKey: true }))`))
	s.see(`document.activeElement.id`, "sheet-file")
	s.do(chromedp.Evaluate[chromedp.Void](`(() => {
		const i = document.querySelector('#sheet-file'), d = new DataTransfer()
		d.items.add(new File(['Patient,DOB,Phone,Date,Time\n' +
			'Iván Ferrer,1/2/2009,(312) 555-0196,3/9/2099,9:30 AM\nAna,1/2/61,1,soon,\n'], 'a.csv'))
		i.files = d.files
		i.dispatchEvent(new Event('change', { bubbles: true }))
	})()`))
	s.see(`document.querySelectorAll('.wrongs li').length > 2`, "true")
	s.see(`document.querySelector('.sheet fieldset')?.innerText.includes('Lucía Ferrer')`, "true")
	s.shot("visits-file")
	s.accessible("a file of appointments")
	s.do(chromedp.Evaluate[chromedp.Void](`[...document.querySelectorAll('nav button')].find(b => b.textContent.startsWith('Patients')).click()`))
	s.see(`document.querySelector('main h1')?.textContent`, "Patients' messages")
	s.do(chromedp.Evaluate[chromedp.Void](`dispatchEvent(new KeyboardEvent('keydown', { key: '2', altKey: true }))`))
	s.see(`document.querySelector('.row b')?.textContent`, "Lucía Ferrer")
	s.do(chromedp.Evaluate[chromedp.Void](`dispatchEvent(new KeyboardEvent('keydown', { key: 'j', altKey: true }))`))
	s.see(`[...document.querySelectorAll('ol .words')].map(w => w.textContent).join(' ').includes('El lunes puedo')`, "true")
	s.see(`document.querySelector('li.staff').innerText.includes('read by the patient')`, "true")
	s.see(`document.querySelector('section').scrollWidth <= document.querySelector('section').clientWidth`, "true")
	s.see(drawn, "1")
	s.opens("staff-photo")
	s.shot("staff")
	s.accessible("the inbox and a conversation")
	p.see(`document.querySelector('li.mine').innerText.includes('Leído por el consultorio')`, "true")
	s.chooseFiles("image/png", "Laboratorio 12 mar")
	s.write("#writing", "Perfecto: lunes a las 9.")
	s.see(`document.querySelector('form li span')?.textContent.includes('Ready')`, "true")
	s.do(chromedp.Evaluate[chromedp.Void](scrolled))
	s.shot("staff-files")
	s.accessible("files of staff")
	s.click("article form button.main")
	s.see(`document.querySelectorAll('ol > li.staff').length`, "2")
	s.see(drawn, "2")
	arrived(3 + replies)
	p.see(`document.querySelectorAll('ol > li').length`, "4")
	p.see(drawn, "2")
	p.opens("photo-of-staff")
	s.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll('.kinds button')[2].click()`))
	s.write("#writing", "cita dada")
	s.click("article form button.main")
	s.see(`document.querySelector('li.close .words')?.textContent`, "cita dada")
	p.see(`document.body.innerText.includes('Esta conversación está cerrada')`, "true")
	p.see(`document.body.innerText.includes('cita dada')`, "false")

	if answer, err := d.pocket.TextBack(t.Context(), pocket.TextBack{From: patientPhone.Number, To: told.From,
		Body: "no me escriban más"}); err != nil || !strings.Contains(answer, "ya no le env") {
		t.Errorf("STOP is answered %q, %v", answer, err)
	}
	s.see(`document.querySelector('.row .late')?.textContent.trim()`, "The patient wants no more texts")
	s.see(`document.querySelector('article form button.main').disabled`, "true")
	s.shot("stopped")
	s.do(chromedp.Evaluate[chromedp.Void](`dispatchEvent(new KeyboardEvent('keydown', { key: 'n', altKey: true }))`))
	s.see(`document.activeElement.id`, "patient-name")
	s.write("#patient-name", "Iván Ferrer")
	s.write("#patient-birth", "1/2/2009")
	s.write("#patient-number", patientPhone.Number)
	s.click("section form button.main")
	s.see(`document.querySelector('[role=alert] li')?.textContent.includes('Lucía Ferrer')`, "true")
	s.shot("same")
	s.accessible("a new patient with somebody's number")
	p.do(chromedp.EmulateViewport(390, 844))
	p.click("header button")
	p.see(`document.querySelector('h1')?.textContent`, "Your messages")
	p.see(`document.documentElement.scrollWidth`, "390")
	p.shot("patient-390-en")
	s.do(chromedp.Evaluate[chromedp.Void](`document.querySelector('.me [lang=es]').click()`))
	s.see(`document.querySelector('main h1')?.textContent`, "Mensajes de pacientes")
	s.click(".row")
	s.see(`document.querySelector('.warn')?.textContent.includes('no quiere más textos')`, "true")
	s.do(chromedp.Evaluate[chromedp.Void](`for (const d of document.querySelectorAll('details')) d.open = true`))
	s.shot("staff-es")
	s.accessible("a conversation with its story")
	p.clean(secrets)
	s.clean(secrets)
	if places, found, err := readable(d.server.State.Dir, nil, secrets); err != nil || places == 0 || len(found) > 0 {
		t.Errorf("of %d places %q, %v", places, found, err)
	}
	for _, a := range d.pocket.Messages() {
		for _, w := range secrets[1:] {
			if a.Status != "written" && strings.Contains(a.Body+a.Title, w) {
				t.Errorf("a message tells %q: %q", w, a.Body)
			}
		}
	}
	if report, err := d.server.Verify(t.Context()); err != nil || !report.Good() {
		t.Errorf("audit: %+v, %v", report, err)
	}
}
