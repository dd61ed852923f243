// What pages do beyond showing themselves: parts that keep fresh, the live tail, a token that is generated.
'use strict';

// A part of a page from the server, as nodes. Nothing where the session is over or the server is away.
async function fetchPart(path) {
  try {
    const answer = await fetch(path, { redirect: 'error', headers: { accept: 'text/html' } });
    if (!answer.ok) return null;
    const template = document.createElement('template');
    template.innerHTML = await answer.text();
    return template.content;
  } catch {
    return null;
  }
}

// Elements that say where their fresh version is are replaced by it while somebody looks; they fade where
// there is none to be had.
function keepFresh(element) {
  const { refresh, seconds } = element.dataset;
  if (!refresh) return;
  setTimeout(async () => {
    const isUsed = element.contains(document.activeElement);
    const part = document.hidden || isUsed ? null : await fetchPart(refresh);
    const fresh = part && part.querySelector('#' + element.id);
    if (fresh) element.replaceWith(fresh);
    if (!part && !isUsed && !document.hidden) element.classList.add('stale');
    keepFresh(fresh || element);
  }, Number(seconds) * 1000);
}

function relative(time) {
  const seconds = Math.round((Date.parse(time) - Date.now()) / 1000);
  const distance = Math.abs(seconds);
  if (distance === 0) return 'now';
  const [size, unit] = distance < 60 ? [1, 's'] : distance < 3600 ? [60, 'min']
    : distance < 172800 ? [3600, 'h'] : [86400, 'd'];
  const amount = Math.floor(distance / size) + ' ' + unit;
  return seconds < 0 ? amount + ' ago' : 'in ' + amount;
}

function keepTimes() {
  for (const time of document.querySelectorAll('time[datetime]')) {
    const text = relative(time.dateTime);
    if (time.textContent !== text) time.textContent = text;
  }
}

// The live tail asks for rows behind the newest that is shown.
function followLog(button) {
  const rows = document.getElementById('log-rows');
  const text = document.getElementById('live-text');
  const most = 200;
  let timer = 0;
  let count = 0;

  async function look() {
    const newest = rows.querySelector('tr[data-id]');
    const path = new URL(button.dataset.live, location.href);
    path.searchParams.set('after', newest ? newest.dataset.id : button.dataset.after);
    const part = document.hidden ? null : await fetchPart(path);
    if (part && count === 0) text.textContent = 'Waiting for attempts';
    if (!part && !document.hidden) text.textContent = 'No answer, trying again';
    const fresh = part ? [...part.querySelectorAll('tr[data-id]')] : [];
    if (fresh.length > 0) {
      document.getElementById('log-table').hidden = false;
      document.getElementById('log-empty')?.remove();
      fresh.forEach((row) => row.classList.add('fresh'));
      rows.prepend(...fresh);
      while (rows.rows.length > most) rows.lastElementChild.remove();
      count += fresh.length;
      text.textContent = count + ' new';
    }
    if (button.getAttribute('aria-pressed') === 'true') timer = setTimeout(look, 1000);
  }

  button.hidden = false;
  button.addEventListener('click', () => {
    const isOn = button.getAttribute('aria-pressed') !== 'true';
    button.setAttribute('aria-pressed', String(isOn));
    clearTimeout(timer);
    text.textContent = isOn ? 'Connecting' : '';
    count = 0;
    if (isOn) look();
  });
}

// A token of 32 random bytes, in the form that both signature schemes take.
function offerToken(button) {
  button.hidden = false;
  button.addEventListener('click', () => {
    const bytes = crypto.getRandomValues(new Uint8Array(32));
    const field = document.getElementById(button.dataset.generate);
    field.value = 'whsec_' + btoa(String.fromCharCode(...bytes));
    field.focus();
    field.select();
  });
}

function offerCopy(button) {
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = 'Copied';
  });
}

document.querySelectorAll('[data-refresh]').forEach(keepFresh);
document.querySelectorAll('[data-live]').forEach(followLog);
document.querySelectorAll('[data-generate]').forEach(offerToken);
document.querySelectorAll('[data-copy]').forEach(offerCopy);
setInterval(keepTimes, 1000);
document.querySelector('[role=alert][tabindex]')?.focus();
