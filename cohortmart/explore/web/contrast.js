// Contrast page: while a threshold moves, the counts follow; on release the whole view does.
(() => {
  let asked = 0;
  let resting = 0;
  const given = (form) => new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
  const words = (input) => {
    const value = Number(input.value);
    if (value === 0) return "any";
    return input.name !== "log10_adj_p" ? String(value) : (10 ** value).toPrecision(2).replace(/\.?0+(?=e|$)/, "");
  };
  async function count(form) {
    asked += 1;
    const number = asked;
    await new Promise((done) => { setTimeout(done, 60); });
    if (number !== asked) return;
    try {
      const answer = await fetch(`/data/contrast-counts?${given(form)}`);
      const said = await answer.json();
      const lead = document.querySelector("#content p.finding");
      if (number === asked && answer.ok && lead) lead.textContent = said.words;
    } catch { /* the view on release says what is wrong */ }
  }
  window.explorer.followers.push((main) => {
    const form = main.querySelector('form.controls[action="/contrast"], form.controls[action="/compare"]');
    if (!form) return;
    for (const slider of form.querySelectorAll("input[type=range]")) {
      const output = slider.parentElement.querySelector("output");
      output.textContent = words(slider);
      slider.addEventListener("input", (event) => {
        event.stopPropagation();
        output.textContent = words(slider);
        count(form);
      });
      // each key is a change: the view follows when the keys rest
      slider.addEventListener("change", (event) => {
        event.stopPropagation();
        clearTimeout(resting);
        resting = setTimeout(() => {
          if (form.isConnected) window.explorer.go(`/contrast?${given(form)}`, { push: true, focus: false });
        }, 250);
      });
    }
    const other = form.querySelector("#set-with");
    if (other) {
      other.addEventListener("change", (event) => {
        event.stopPropagation();
        if (other.value !== "") window.explorer.go(other.value);
      });
    }
  });
})();
