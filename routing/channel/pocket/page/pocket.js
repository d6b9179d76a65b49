// The pocket's page: draws what /events says. Everything that arrived is set as text, never as markup.
'use strict';

let words = {};
let view = { phones: [], arrivals: [] };
let connected = null;
const drawn = new Set();

const say = (key, vars = {}) => {
  const plural = 'count' in vars ? `${key}_${vars.count === 1 ? 'one' : 'other'}` : key;
  return (words[plural] ?? words[key] ?? key).replace(/\{\{(\w+)\}\}/g, (m, name) => (name in vars ? vars[name] : m));
};

const el = (tag, cls, text) => {
  const e = document.createElement(tag);
  if (cls) e.className = cls;
  if (text !== undefined) e.textContent = text;
  return e;
};

const language = () => localStorage.getItem('lang') ?? (navigator.language.startsWith('es') ? 'es' : 'en');

const wrote = (a) => a.status === 'written' || a.status === 'unheard';

const owns = (phone, a) => (wrote(a) ? a.from === phone.number : a.to === phone.number || a.to.toLowerCase() === phone.email.toLowerCase() || a.to === phone.person);

function bubble(a) {
  const li = el('li', a.status === 'refused' ? 'refused' : wrote(a) ? 'mine' : '');
  li.id = `arrival-${a.seq}`;
  if (!drawn.has(a.seq)) li.classList.add('fresh');
  drawn.add(a.seq);
  const meta = el('div', 'meta');
  meta.append(el('b', '', say(`pocket.kind.${a.kind}`)));
  const at = new Date(a.at);
  const time = el('time', '', at.toLocaleTimeString(language() === 'es' ? 'es-US' : 'en-US', { hour12: false }));
  time.dateTime = a.at;
  meta.append(time);
  if (wrote(a)) meta.append(el('span', '', say('pocket.wrote')));
  else if (a.from) meta.append(el('span', '', say('pocket.from', { from: a.from })));
  if (a.repeat) meta.append(el('span', 'note', say('pocket.repeat')));
  if (a.status === 'refused' || a.status === 'undelivered') meta.append(el('span', 'note', say(`pocket.status.${a.status}`)));
  if (a.status === 'unheard') meta.append(el('span', 'note', say('pocket.unheard')));
  li.append(meta);
  if (a.title) li.append(el('p', 'title', a.title));
  li.append(el('p', 'body', a.body));
  if (/^https?:\/\//.test(a.link)) {
    const link = el('a', 'open', say('pocket.open'));
    link.href = a.link;
    link.target = '_blank';
    link.rel = 'noopener noreferrer';
    li.append(link);
  }
  return li;
}

const typed = new Map();

/** Where a phone writes back to the number that texted it; what is typed stays when the page is drawn anew. */
function writer(p, to) {
  const form = el('form', 'write');
  const box = el('input');
  box.id = `write-${p.number}`;
  box.value = typed.get(p.number) ?? '';
  box.setAttribute('aria-label', `${say('pocket.write')}: ${p.name || p.number}`);
  box.maxLength = 1600;
  box.addEventListener('input', () => typed.set(p.number, box.value));
  const send = el('button', '', say('pocket.write'));
  form.append(box, send);
  form.addEventListener('submit', (e) => {
    e.preventDefault();
    const body = box.value.trim();
    if (!body) return;
    typed.delete(p.number);
    box.value = '';
    fetch('/text-back', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ from: p.number, to, body }) });
  });
  return form;
}

function phone(p, arrivals) {
  const s = el('section');
  s.append(el('h2', '', p.name || p.number || p.email));
  s.append(el('p', 'who', [p.number, p.email, say('pocket.messages', { count: arrivals.length })].filter(Boolean).join(' · ')));
  const texted = arrivals.findLast((a) => a.kind === 'text' && !wrote(a));
  if (p.number && texted) s.append(writer(p, texted.from));
  if (arrivals.length === 0) {
    s.append(el('p', 'empty', say('pocket.empty')));
    return s;
  }
  const list = el('ol');
  list.tabIndex = 0;
  list.setAttribute('aria-label', p.name || p.number);
  for (const a of [...arrivals].reverse()) list.append(bubble(a));
  s.append(list);
  return s;
}

function draw() {
  document.documentElement.lang = language();
  document.title = say('pocket.title');
  for (const e of document.querySelectorAll('[data-word]')) e.textContent = say(e.dataset.word);
  const link = document.getElementById('link');
  link.textContent = connected === null ? '' : say(connected ? 'pocket.live' : 'pocket.offline');
  link.className = connected === false ? 'off' : '';
  const writing = document.activeElement?.matches('.write input') ? document.activeElement.id : '';
  const focused = document.activeElement?.closest('li')?.id;
  const phones = [...view.phones];
  for (const a of view.arrivals) {
    if (!phones.some((p) => owns(p, a)) && !wrote(a)) phones.push({ person: '', name: a.to, number: a.to, email: '' });
  }
  document.getElementById('phones').replaceChildren(...phones.map((p) => phone(p, view.arrivals.filter((a) => owns(p, a)))));
  if (writing) document.getElementById(writing)?.focus();
  if (focused) document.querySelector(`#${focused} a`)?.focus();
}

async function speak(lang) {
  localStorage.setItem('lang', lang);
  words = await (await fetch(`/words?lang=${lang}`)).json();
  draw();
}

function toggle() {
  speak(language() === 'es' ? 'en' : 'es');
}

document.getElementById('language').addEventListener('click', toggle);
document.addEventListener('keydown', (e) => {
  if (e.key.toLowerCase() === 'l' && !e.target.matches('input') && !e.ctrlKey && !e.metaKey && !e.altKey) toggle();
});

speak(language()).then(() => {
  const events = new EventSource('/events');
  events.onmessage = (e) => {
    view = JSON.parse(e.data);
    connected = true;
    draw();
  };
  events.onerror = () => {
    connected = false;
    draw();
  };
});
