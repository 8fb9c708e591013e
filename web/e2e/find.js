(role, name) => {
  const clickable = 'a[href], button, summary, [role="button"], input[type="radio"], input[type="checkbox"], input[type="submit"]'
  const field = 'input:not([type="hidden"]), select, textarea'
  const clean = (s) => (s || '').replace(/\s+/g, ' ').trim()
  const shown = (e) => {
    if (e.nodeType === Node.TEXT_NODE) return e.data
    if (e.nodeType !== Node.ELEMENT_NODE || e.ariaHidden === 'true' || !e.checkVisibility({ visibilityProperty: true })) return ''
    return ' ' + [...e.childNodes].map(shown).join('') + ' '
  }
  const names = (e) => {
    const list = [e.getAttribute('aria-label'), shown(e), e.value]
    for (const l of e.labels || []) list.push(l.innerText, l.firstChild && l.firstChild.textContent)
    for (const id of (e.getAttribute('aria-labelledby') || '').split(' ')) {
      const l = id && document.getElementById(id)
      if (l) list.push(l.innerText)
    }
    return list.map(clean)
  }
  const modal = [...document.querySelectorAll('dialog[open]')].pop()
  const all = [...(modal || document).querySelectorAll(role === 'field' ? field : clickable)]
  const visible = all.filter((e) => e.checkVisibility({ visibilityProperty: true }) && !e.closest('[aria-hidden="true"]') && (e.getClientRects().length || (e.labels || []).length))
  const exact = visible.find((e) => names(e).includes(name))
  const found = exact || visible.find((e) => names(e).some((n) => n.startsWith(name)))
  const before = document.querySelector('[data-found]')
  if (before !== found) before?.removeAttribute('data-found')
  if (!found) return null

  // A person presses what stands still and is not covered.
  const box = found.getClientRects()[0] || found.labels[0].getClientRects()[0]
  const middle = [box.x + box.width / 2, box.y + box.height / 2]
  const place = role + ' ' + middle
  if (found.dataset.found !== place) {
    if (!found.dataset.found) found.scrollIntoView({ block: 'center' })
    found.dataset.found = place
    return null
  }
  const hit = document.elementFromPoint(...middle)
  return hit && (found.contains(hit) || hit.closest('label')?.control === found) ? middle : null
}
