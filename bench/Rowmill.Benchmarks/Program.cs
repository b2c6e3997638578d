using Rowmill.Benchmarks;
using Rowmill.Benchmarks.Clients;
using Rowmill.Benchmarks.Limits;

return args switch
{
    ["rows", var count, var file] => SongTable.Write(long.Parse(count), file),
    ["rows", var count, var file, var poisonEvery] => SongTable.Write(long.Parse(count), file, long.Parse(poisonEvery)),
    ["floor", var url, var requests, var concurrency, var bodyBytes] =>
        await Floor.RunAsync(new Uri(url), int.Parse(requests), int.Parse(concurrency), int.Parse(bodyBytes)),
    ["get", var url] => await Server.PrintAsync(new Uri(url), HttpMethod.Get),
    ["post", var url] => await Server.PrintAsync(new Uri(url), HttpMethod.Post),
    ["check", var source, var output] => OutputCheck.Run(source, output),
    ["faults", var truth, var output, var summary, var pack] => FaultMix.Run(truth, output, summary, int.Parse(pack)),
    ["append", var results, .. var parts] => Measurements.Append(results, parts),
    ["field", var file, var name] => Measurements.Print(file, name),
    ["limits", var results] => LimitBench.Run(results, null),
    ["limits", var results, var only] => LimitBench.Run(results, only),
    ["answers", var requests, var results] => BatchAnswers.Write(requests, results),
    ["clients", var job] => await ClientBench.RunAsync(job),
    ["summary", var results, .. var parts] => Summary.Write(results, parts),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine(
        """
        rows COUNT FILE [POISON_EVERY]                write a table of that many different songs, every so many-th of them poison
        floor URL REQUESTS CONCURRENCY BODY_BYTES     a bare HttpClient loop: sends so many bytes, only reads the replies
        get URL | post URL                            print what the server says
        check SOURCE OUTPUT                           how many rows of the output are answered, and whether in order
        faults TRUTH OUTPUT SUMMARY.json PACK         what a run through faults left, against the output of a clean one
        append RESULTS [NAME=VALUE | FILE.json]...    add one line to the results
        field FILE.json NAME                          print one value
        limits RESULTS [TEXT]                         the limits on a simulated clock, all cases or those with this text
        answers REQUESTS RESULTS                      write what a batch runner would, a valid answer for every row
        clients JOB.yaml                              what each provider's client adds to a request of 20 rows
        summary RESULTS [NAME=VALUE]...               the results as Markdown
        """);
    return 2;
}
