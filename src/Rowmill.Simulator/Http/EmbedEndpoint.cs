using Microsoft.AspNetCore.Http;
using Rowmill.Simulator.Answers;
using Rowmill.Simulator.Dialects;
using Rowmill.Simulator.Ledger;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Http;

/// <summary>Vectors in any dialect: under the same limits and faults as chats.</summary>
internal sealed class EmbedEndpoint(SimulatorOptions options, Desk desk)
{
    public Task HandleAsync(HttpContext context, Dialect dialect, Place place, string key) =>
        desk.ServeAsync(context, dialect, () => ReadAsync(context, dialect, place, key));

    private async Task<(Work? Work, ErrorReply? Error)> ReadAsync(HttpContext context, Dialect dialect, Place place, string key)
    {
        var type = context.Request.ContentType;
        if (dialect.WantsJsonContentType && !RequestBody.Is(type, "application/json")) return (null, dialect.BadContentType(type ?? ""));
        var body = await RequestBody.ReadAsync(context);
        var wire = dialect.Embed!;
        var read = JsonBody.Read(body, static (root, to) => to.wire.Read(root, to.place), (wire, place));
        var (request, error) = read ?? (null, dialect.BadJson());
        return request is null ? (null, error) : (new EmbedWork(dialect, key, Mix.Hash(body.Span), request, place, options.Seed), null);
    }

    private sealed class EmbedWork(Dialect dialect, string key, ulong content, EmbedRequest request, Place place, long seed)
        : Work(dialect, key, content)
    {
        private IReadOnlyList<Embedded> _vectors = [];

        public override string Model => request.Model;

        public override int Prompt => request.AllTokens;

        public override int Output => 0;

        /// <summary>The faults that vectors can have: none at all, some missing, another order where that is no mistake.</summary>
        public override Made Make(SimulatorFault fault, ulong chance)
        {
            var wire = Dialect.Embed!;
            var length = request.Dimensions ?? wire.Dimensions;
            var all = request.Inputs.Select((text, index) => new Embedded(index, VectorMaker.Make(text, length, seed))).ToList();
            var hit = fault;
            switch (fault)
            {
                case SimulatorFault.Empty:
                    all.Clear();
                    break;
                case SimulatorFault.Incomplete when all.Count > 0:
                    all.RemoveAt(Mix.Below(chance, all.Count));
                    break;
                case SimulatorFault.Shuffle when wire.TellsIndex:
                    all.Reverse();
                    break;
                default:
                    hit = SimulatorFault.None;
                    break;
            }

            _vectors = all;
            return new Made(null, 0, 0, FaultNames.Of(hit));
        }

        public override (ReadOnlyMemory<byte> Body, string ContentType) Write(Bill bill, ulong chance, DateTimeOffset at, TimeSpan took) =>
            (Dialect.Embed!.Write(request, place, _vectors, bill, took), "application/json");
    }
}
