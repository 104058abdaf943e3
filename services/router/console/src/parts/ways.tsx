// The picture beside the sign-in: six ways in, one router, the right desk.

const STARTS = [40, 96, 152, 208, 264, 320];
const ENDS = [110, 180, 250];

export function Ways() {
  return (
    <svg className="ways" viewBox="0 0 480 360" aria-hidden="true" focusable="false">
      {STARTS.map((y, index) => (
        <path key={y} className={index === 2 ? "way taken" : "way"} d={`M40 ${y}C140 ${y} 140 180 240 180`} />
      ))}
      {ENDS.map((y, index) => (
        <path key={y} className={index === 0 ? "way taken" : "way"} d={`M240 180C330 180 330 ${y} 430 ${y}`} />
      ))}
      {STARTS.map((y, index) => (
        <circle key={y} className={index === 2 ? "dot taken" : "dot"} cx="40" cy={y} r="7" />
      ))}
      {ENDS.map((y, index) => (
        <rect key={y} className={index === 0 ? "seat taken" : "seat"} x="418" y={y - 14} width="28" height="28" rx="8" />
      ))}
      <circle className="hub" cx="240" cy="180" r="26" />
      <path className="hub-mark" d="M228 180h22m-8-8 8 8-8 8" />
    </svg>
  );
}
