// Compare two: the framework that the reader knows stays the left column, and the tabs choose the right one.
// Lines of both with the same indentation and beginning, such as `loss =`, stand at the same height.

const WIDE = matchMedia("(min-width: 76.25em)"); // as in site.css
const START = /^(\s*)(?:(def|class|for|with|while|if|return|"""|@)|([\w.]+)[\w., ]*=(?!=))/;

const sets = [...document.querySelectorAll(".tabbed-set")].map((set) => ({
  inputs: [...set.querySelectorAll(":scope > input")],
  labels: [...set.querySelectorAll(":scope > .tabbed-labels > label")].map((label) => label.textContent),
  blocks: [...set.querySelectorAll(":scope > .tabbed-content > .tabbed-block")],
}));

function update() {
  const known = localStorage.getItem("known");
  for (const { inputs, labels, blocks } of sets) {
    const left = labels.indexOf(known);
    blocks.forEach((block, i) => block.classList.toggle("known", i === left));
    blocks.flatMap(lines).forEach((line) => (line.style.marginTop = ""));
    if (!WIDE.matches || left < 0 || inputs.length < 2) continue;
    if (inputs[left].checked) inputs[(left + 1) % inputs.length].checked = true;
    align(lines(blocks[left]), lines(blocks[inputs.findIndex((input) => input.checked)]));
  }
}

function lines(block) {
  return [...block.querySelectorAll("code > span")];
}

// Push lines down until both sides of each pair have the same height.
function align(left, right) {
  let shift = 0; // lines by which the right side is lower
  for (const [i, j] of pairs(left.map(beginning), right.map(beginning))) {
    const difference = i - j - shift;
    if (difference) (difference > 0 ? right[j] : left[i]).style.marginTop = `${Math.abs(difference)}lh`;
    shift = i - j;
  }
}

function beginning(line) {
  const match = line.textContent.match(START);
  return match && match[1] + (match[2] || match[3]).replace("class", "def");
}

// The indices of a longest common subsequence; lines without a beginning have no pair.
function pairs(a, b) {
  const best = Array.from({ length: a.length + 1 }, () => new Array(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      best[i][j] = a[i] && a[i] === b[j] ? best[i + 1][j + 1] + 1 : Math.max(best[i + 1][j], best[i][j + 1]);
  const found = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] && a[i] === b[j]) found.push([i++, j++]);
    else if (best[i + 1][j] >= best[i][j + 1]) i++;
    else j++;
  }
  return found;
}

if (sets.length) {
  const names = new Set(["", ...sets.flatMap((set) => set.labels)]);
  const options = [...names].map((name) => `<option value="${name}">${name || "-"}</option>`);
  const choice = document.createElement("p");
  choice.className = "known-framework";
  choice.innerHTML = `<label>I know <select>${options.join("")}</select></label>`;
  document.querySelector("h1").after(choice);
  const select = choice.querySelector("select");
  select.value = localStorage.getItem("known") || "";
  select.addEventListener("change", () => localStorage.setItem("known", select.value));
  document.addEventListener("change", update);
  WIDE.addEventListener("change", update);
  update();
}
