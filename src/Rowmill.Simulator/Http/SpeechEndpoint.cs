using Microsoft.AspNetCore.Http;
using Rowmill.Simulator.Answers;
using Rowmill.Simulator.Dialects;
using Rowmill.Simulator.Dialects.Compatible;
using Rowmill.Simulator.Ledger;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Http;

/// <summary>Transcripts: under the same limits on requests and the same faults as chats. They count no tokens.</summary>
internal sealed class SpeechEndpoint(SimulatorOptions options, Desk desk)
{
    public Task HandleAsync(HttpContext context, CompatibleDialect dialect, Place place, string key) =>
        desk.ServeAsync(context, dialect, () => ReadAsync(context, dialect, place, key));

    private async Task<(Work? Work, ErrorReply? Error)> ReadAsync(HttpContext context, CompatibleDialect dialect, Place place, string key)
    {
        var (request, error) = await SpeechReader.ReadAsync(context, dialect, place);
        return request is null ? (null, error) : (new SpeechWork(dialect, key, request, options.Seed), null);
    }

    private sealed class SpeechWork(CompatibleDialect dialect, string key, SpeechRequest request, long seed) : Work(dialect, key, request.Content)
    {
        private Speech _speech = new(0, []);

        public override string Model => request.Model;

        public override int Prompt => 0;

        public override int Output => 0;

        /// <summary>The fault that a transcript can have: nothing was heard.</summary>
        public override Made Make(SimulatorFault fault, ulong chance)
        {
            var heard = SpeechMaker.Make(request, seed);
            var silent = fault == SimulatorFault.Empty;
            _speech = silent ? heard with { Words = [] } : heard;
            return new Made(null, 0, 0, FaultNames.Of(silent ? fault : SimulatorFault.None));
        }

        public override (ReadOnlyMemory<byte> Body, string ContentType) Write(Bill bill, ulong chance, DateTimeOffset at, TimeSpan took) =>
            SpeechBody.Write(dialect, request, _speech, $"req_{chance:x16}");
    }
}
