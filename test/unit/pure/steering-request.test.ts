import { expect } from 'chai';
import { parseSteering } from '../../../signaling/core/edges/steering-request.ts';
import { limits } from '../../../signaling/protocol/index.ts';
import { ask, parse, quick, viewOf } from './steering-viewer.ts';

const room = 'room=arena&v=seed1';
const base = (name: string) => `${name}@https://${name}.example/live/`;

describe('content steering: the request', () => {
  it('needs a room, and one only', () => {
    const codeOf = (query: string) => {
      const request = parseSteering(new URLSearchParams(query), 'fresh');
      return 'code' in request ? request.code : null;
    };
    expect(codeOf('')).to.equal('room_missing');
    expect(codeOf('room=')).to.equal('room_invalid');
    expect(codeOf('room=a&room=b')).to.equal('room_invalid');
    expect(codeOf(`room=${'x'.repeat(limits.roomNameLengthMax + 1)}`)).to.equal('room_invalid');
    expect(codeOf('room=%D1%82%D0%B2')).to.equal(null);
  });

  it('takes the pathway quoted, as Apple writes it, and unquoted, as hls.js does', () => {
    for (const pathway of ['a', '%22a%22']) {
      const { used } = parse(`${room}&_HLS_pathway=${pathway}&_HLS_throughput=4100200`);
      expect([...used]).to.deep.equal([['a', 4_100_200]]);
    }
  });

  it('takes no throughput below 0, which hls.js says above 2 Gbit/s, nor any other nonsense', () => {
    for (const throughput of [
      '-1294967296',
      '0',
      'auto',
      '1e9',
      '',
      '9'.repeat(15),
      '9'.repeat(400),
    ]) {
      const { used } = parse(`${room}&_HLS_pathway=a&_HLS_throughput=${throughput}`);
      expect([...used], throughput).to.deep.equal([['a', null]]);
    }
  });

  it('is of a player that plays where that has measured, though it has followed no RELOAD-URI', () => {
    const turnOf = (more: string) => parse(`room=arena&_HLS_pathway=a${more}`).turn;
    expect(turnOf('&_HLS_throughput=9000000')).to.equal(1);
    expect(turnOf('&_HLS_throughput=9000000&n=7'), 'a count without its seed').to.equal(1);
    // Presumed by hls.js.
    for (const more of ['', '&_HLS_throughput=500000', '&_HLS_throughput=x'])
      expect(turnOf(more)).to.equal(0);
  });

  it('reads the lists of a DASH player, of which those without throughput are the last', () => {
    const request = parse(`${room}&_DASH_pathway=%22b,a,c%22&_DASH_throughput=9000000,4000000`);
    expect(request.isDash).to.equal(true);
    expect([...request.used]).to.deep.equal([
      ['b', 9e6],
      ['a', 4e6],
      ['c', null],
    ]);
  });

  it('takes the newest word of a player that adds it to a URL that has one already', () => {
    const { used } = parse(
      `${room}&_HLS_pathway=a&_HLS_throughput=1&_HLS_pathway=b&_HLS_throughput=2`,
    );
    expect([...used]).to.deep.equal([['b', 2]]);
  });

  it('ignores what is wrong or given twice, and goes on with the rest', () => {
    const pathways = [
      'a',
      '',
      'a',
      'x y',
      '<b>',
      'b@ftp://b/',
      `c@https://user@c/`,
      'd@https://d/live/',
    ];
    const request = parse(`room=arena&v=%00&bitrate=-1&bitrate=5&pathways=${pathways.join()}`);
    expect(request.turn).to.equal(0);
    expect(request.seed).to.equal('fresh');
    expect(request.bitsPerSecond).to.equal(limits.steeringBitsPerSecond);
    expect(request.pathways).to.deep.equal([
      { name: 'a', baseUrl: null },
      { name: 'b', baseUrl: null },
      { name: 'c', baseUrl: null },
      { name: 'd', baseUrl: 'https://d/live/' },
    ]);
    expect(parse(`${room}&slow=${'x'.repeat(9_000)}`).slow).to.deep.equal([]);
  });

  it('is the same when it comes back by the URL for reloading', () => {
    const query = `${room}&pathways=${base('a')},b&bitrate=2500000&slow=b`;
    const manifest = ask(query, viewOf([quick('a', 1_000), quick('b', 1_000)]));
    const [path, again = ''] = manifest['RELOAD-URI'].split('?');
    expect(path).to.equal('steering');
    expect(parse(again)).to.deep.equal({ ...parse(query), turn: 2 });
  });
});
