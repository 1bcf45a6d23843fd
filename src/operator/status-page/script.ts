// The page's only script: it learns that something changed and puts the new sections in the place of the old ones. Without it
// the page is the same, and stands still.

export const SCRIPT = `'use strict'
const live = document.getElementById('live')
const announcement = document.getElementById('announcement')
const main = document.getElementById('main')
let version = main.dataset.version
let waiting = 0

function show(state, text) {
  live.hidden = false
  live.dataset.state = state
  if (live.textContent !== text) live.textContent = text
}

function refresh() {
  const request = new XMLHttpRequest()
  request.open('GET', location.pathname)
  request.responseType = 'document'
  request.onload = () => {
    if (request.status === 200 && request.response) replace(request.response)
  }
  request.send()
}

function replace(next) {
  const fresh = next.getElementById('main')
  const before = document.getElementById('verdict-title')?.textContent
  for (const old of main.querySelectorAll('section[id]')) if (!next.getElementById(old.id)) old.remove()
  const sameShape = [...fresh.querySelectorAll('section[id]')].every((one) => document.getElementById(one.id))
  // Only what is different: what somebody reads or has selected stays where it is.
  if (sameShape) {
    for (const one of fresh.querySelectorAll('section[id]')) {
      const old = document.getElementById(one.id)
      if (old.outerHTML !== one.outerHTML) old.replaceWith(document.importNode(one, true))
    }
  } else main.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)))
  document.querySelector('footer').replaceWith(document.importNode(next.querySelector('footer'), true))
  document.querySelector('link[rel=icon]').replaceWith(document.importNode(next.querySelector('link[rel=icon]'), true))
  document.title = next.title
  version = fresh.dataset.version
  const after = document.getElementById('verdict-title').textContent
  if (after !== before) announcement.textContent = after + '. ' + document.querySelector('#verdict .sentence').textContent
}

function listen() {
  const source = new EventSource('events')
  source.addEventListener('version', ({ data }) => {
    show('on', 'Live')
    if (data !== version) refresh()
  })
  source.onerror = () => {
    show('off', 'Not live, trying again')
    if (source.readyState !== EventSource.CLOSED) return
    clearTimeout(waiting)
    waiting = setTimeout(listen, 10_000)
  }
  addEventListener('pagehide', () => source.close(), { once: true })
}

addEventListener('pageshow', ({ persisted }) => persisted && listen())
listen()
`
